import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readGatewayConfig } from '../config/read.ts'
import { plugins } from '../plugins/index.ts'
import { openGateway, startOrigin, documentOf } from '../testing/gateway.ts'

const endpoint = (instance: string, port: number) => ({
  ...{ instance, port, host: '127.0.0.1', ports: { 8001: port } },
  ...{ healthy: true, draining: false },
})

const shopDocument = (text: string) => {
  const file = `_format_version: "3.0"\n${text}`
  const { config, faults } = readGatewayConfig(
    { text: file, file: 'kong.yml' },
    { environment: {}, plugins },
  )
  assert.deepEqual(faults, [])
  return documentOf(config, { manager: 'file:shop', stack: 'shop' })
}

const answering = (name: string) =>
  startOrigin((request, response) => void response.end(`${name} as ${request.headers.host ?? ''}`))

const open = async (text: string) => {
  const [a, b, other] = await Promise.all(['a', 'b', 'other'].map(answering))
  if (a === undefined || b === undefined || other === undefined) throw new Error('no origins')
  const gateway = await openGateway({
    config: [shopDocument(text.replace('OTHER', String(other.port)))],
    services: {
      'shop/app': {
        id: 'shop/app',
        endpoints: [endpoint('app-1', a.port), endpoint('app-2', b.port)],
      },
      'else/app': { id: 'else/app', endpoints: [endpoint('else-1', other.port)] },
    },
  })
  return {
    counted: () =>
      gateway.proxy
        .counters()
        .filter(({ requests }) => requests > 0)
        .map(({ source, service, requests }) => `${source} > ${service}: ${requests}`),
    ask: async (times: number) => {
      const answers = new Map<string, number>()
      for (let at = 0; at < times; at += 1) {
        const text = await (await gateway.fetch('/x')).text()
        answers.set(text, (answers.get(text) ?? 0) + 1)
      }
      return Object.fromEntries([...answers].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await Promise.all([a, b, other].map((origin) => origin[Symbol.asyncDispose]()))
    },
  }
}

const route = 'routes: [{ name: r, paths: [/x] }]'

const files: [name: string, text: string, answers: Record<string, number>][] = [
  [
    'a service whose host is one of the stack goes to all of its instances',
    `services: [{ name: s, url: "http://app:8001", ${route} }]`,
    { 'a as app:8001': 2, 'b as app:8001': 2 },
  ],
  [
    'a target that is a service of the stack stands for all of its instances',
    `upstreams: [{ name: up, targets: [{ target: "app:8001" }] }]\nservices: [{ name: s, host: up, ${route} }]`,
    { 'a as app:8001': 2, 'b as app:8001': 2 },
  ],
  [
    'targets elsewhere are beside them, by weight',
    `upstreams: [{ name: up, targets: [{ target: "app:8001", weight: 50 }, { target: "127.0.0.1:OTHER", weight: 100 }] }]\nservices: [{ name: s, host: up, ${route} }]`,
    { 'a as app:8001': 1, 'b as app:8001': 1, 'other as 127.0.0.1:OTHER': 2 },
  ],
]
for (const [name, text, wanted] of files) {
  test(name, async () => {
    await using world = await open(text)
    const answers = Object.fromEntries(
      Object.entries(await world.ask(4)).map(([key, count]) => [
        key.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:OTHER'),
        count,
      ]),
    )
    assert.deepEqual(answers, wanted)
  })
}

test('an upstream that prefers a zone takes instances of the stack that are there', async () => {
  const [near, far] = await Promise.all(['near', 'far'].map(answering))
  if (near === undefined || far === undefined) throw new Error('no origins')
  await using gateway = await openGateway({
    config: [
      shopDocument(`upstreams: [{ name: up, targets: [{ target: "app:8001" }, { target: "app-east:8001" }], x-keelson: { zone: west } }]
services: [{ name: s, host: up, ${route} }]`),
    ],
    services: {
      'shop/app': {
        id: 'shop/app',
        endpoints: [{ ...endpoint('app-1', near.port), zone: 'west' }],
      },
      'shop/app-east': {
        id: 'shop/app-east',
        endpoints: [{ ...endpoint('app-east-1', far.port), zone: 'east' }],
      },
    },
  })
  const ask = async () => (await gateway.fetch('/x')).text()
  for (let at = 0; at < 4; at += 1) assert.equal(await ask(), 'near as app:8001')
  await near[Symbol.asyncDispose]()
  assert.equal(await ask(), 'far as app-east:8001')
  await far[Symbol.asyncDispose]()
})

const labels: [name: string, text: string, service: string][] = [
  [
    'a service of the stack',
    `services: [{ name: s, url: "http://app:8001", ${route} }]`,
    'shop/app',
  ],
  [
    'an upstream of one service of the stack',
    `upstreams: [{ name: up, targets: [{ target: "app:8001" }] }]\nservices: [{ name: s, host: up, ${route} }]`,
    'shop/app',
  ],
  [
    'a service elsewhere, by its name',
    `services: [{ name: s, url: "http://127.0.0.1:OTHER", ${route} }]`,
    's',
  ],
]
for (const [name, text, service] of labels) {
  test(`traffic is counted as that of ${name}`, async () => {
    await using world = await open(text)
    await world.ask(1)
    assert.deepEqual(world.counted(), [`internet > ${service}: 1`])
  })
}
