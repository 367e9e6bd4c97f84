import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { accessExchange, accessOf, people } from '../testing/access.ts'
import { configOf, faultsOf, instanceOf, testExchange } from '../testing/index.ts'
import { isCrawler } from './crawlers.ts'
import { botDetection } from './handler.ts'

test('defaults', () => {
  assert.deepEqual(configOf(botDetection), { allow: [], deny: [] })
  assert.equal(botDetection.priority, 2500)
})

test('refuses what RE2 cannot do, by its place', () => {
  const [fault] = faultsOf(botDetection, { deny: ['ok', '(a'] })
  assert.deepEqual(fault?.path, ['deny', 1])
})

const crawlers = [
  'Googlebot/2.1 (+http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)',
  'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)',
  'Twitterbot/1.0',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
  'Go-http-client/1.1',
  'python-urllib/3.9',
  'okhttp/4.12.0',
  'axios/1.7.2',
  'reqwest/0.12',
  'aws-sdk-java/1.11',
  'WhatsApp/2.23',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'My-Own-Crawler',
  'examplebot 3',
  'Some indexer/0.1',
]

const visitors = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/50.0.2661.102 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 Chrome/101.0 Mobile Safari/537.36',
  'curl/7.43.0',
  'Wget/1.21',
  'HELLOWORLD',
  'PostmanRuntime/7.39.0',
  'robotics student',
]

describe('a crawler', () => {
  for (const userAgent of crawlers) test(userAgent, () => assert.ok(isCrawler(userAgent)))
})

describe('no crawler', () => {
  for (const userAgent of visitors) test(userAgent, () => assert.ok(!isCrawler(userAgent)))
})

const cases: { name: string; config?: object; headers: string[]; status: number | null }[] = [
  { name: 'a browser', headers: ['User-Agent', visitors[0] ?? ''], status: null },
  { name: 'a crawler', headers: ['User-Agent', 'Googlebot/2.1'], status: 403 },
  { name: 'none', headers: [], status: null },
  { name: 'two', headers: ['User-Agent', 'a', 'User-Agent', 'b'], status: 400 },
  {
    name: 'denied',
    config: { deny: ['HELLO.*'] },
    headers: ['User-Agent', 'HELLOWORLD'],
    status: 403,
  },
  {
    name: 'allowed before it is denied',
    config: { allow: ['^Googlebot'], deny: ['Google'] },
    headers: ['User-Agent', 'Googlebot/2.1'],
    status: null,
  },
  {
    name: 'blanks around it do not count',
    config: { deny: ['^a$'] },
    headers: ['User-Agent', ' a '],
    status: 403,
  },
  {
    name: 'a pattern that would stall V8',
    config: { deny: ['^(a+)+$'] },
    headers: ['User-Agent', `${'a'.repeat(8000)}!`],
    status: null,
  },
]

describe('a user agent', () => {
  for (const { name, config, headers, status } of cases) {
    test(name, async () => {
      const instance = instanceOf(botDetection, config)
      // The second time it is remembered.
      for (const exchange of [testExchange({ headers }), testExchange({ headers })]) {
        await instance.access?.(exchange)
        assert.equal(exchange.answer?.status ?? null, status)
      }
    })
  }

  test('is told why', async () => {
    const ask = (headers: string[]) =>
      accessOf(instanceOf(botDetection), accessExchange(people({}), { headers }))
    assert.equal(await ask(['User-Agent', 'Googlebot/2.1']), '403 Forbidden')
    const two = ['User-Agent', 'a', 'User-Agent', 'b']
    assert.equal(await ask(two), '400 Only one User-Agent header allowed')
  })
})
