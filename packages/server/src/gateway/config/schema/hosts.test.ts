import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressRangeProblem } from '../../../kernel/address-range.ts'
import {
  hostNameProblem,
  hostProblem,
  type Judgement,
  parseHost,
  routeHostProblem,
  serverNameProblem,
} from './hosts.ts'
import { migratePath, pathProblem, routePathProblem } from './paths.ts'

const parsed: Record<string, [type: string, host: string, port: number | null]> = {
  'a.example': ['name', 'a.example', null],
  'a.example.:80': ['name', 'a.example.', 80],
  a_b: ['name', 'a_b', null],
  '10.0.0.1:8080': ['ipv4', '10.0.0.1', 8080],
  '010.0.0.1': ['ipv4', '10.0.0.1', null],
  '::1': ['ipv6', '::1', null],
  '[FE80::1]:80': ['ipv6', 'fe80::1', 80],
}

describe('addresses', () => {
  for (const [text, [type, host, port]] of Object.entries(parsed)) {
    test(text, () => assert.deepEqual(parseHost(text), { type, host, port }))
  }
})

const judged: Record<string, { judge: Judgement; good: string[]; bad: string[] }> = {
  'a host': {
    judge: hostProblem,
    good: ['a', 'a-b.c', '1.2.3.4', '::1', 'xn--bcher-kva.example'],
    bad: [
      '',
      'a:1',
      'a b',
      '-.',
      'a-.b',
      'a..b',
      '.a',
      '1.2.3',
      '256.1.1.1',
      ':::',
      'a/b',
      '[::1',
      'fe80::1%lo',
    ],
  },
  'a host name': { judge: hostNameProblem, good: ['a', 'a.b'], bad: ['1.2.3.4', '::1', 'a:80'] },
  'a host of a route': {
    judge: routeHostProblem,
    good: ['a', 'a:80', '*.a', 'a.*', 'a.*:80', '1.2.3.4'],
    bad: ['*', '*a', 'a*', 'a.*.b', '*.a.*', 'a:x', ''],
  },
  'a server name': {
    judge: serverNameProblem,
    good: ['a', '*.a', 'a.*', 'a.b.c'],
    bad: ['a.*.b', '*.*', '1.2.3.4', 'a:443'],
  },
  'a range of addresses': {
    judge: addressRangeProblem,
    good: ['1.2.3.4', '1.2.3.0/24', '::/0', '::1', 'fe80::/10', '0.0.0.0/0'],
    bad: ['1.2.3', '1.2.3.4/33', '::/129', 'a', '1.2.3.4/', '1.2.3.4/8/8', '1.2.3.4/08'],
  },
  'a path': {
    judge: pathProblem,
    good: ['/', '/a/b', '/a%20b', "/a;b=c,d:e@f!g$h&i'(j)*k+l~m"],
    bad: ['', 'a', '//', '/a//b', '/a b', '/a?b', '/a#b', '/%2', '/é', '/a{b}'],
  },
  'a path of a route': {
    judge: routePathProblem,
    good: ['/', '/a', '/a/', '/é', '~/a/\\d+', '~/(?<id>[^/]+)$', '~/a|/b'],
    bad: [
      'a',
      '~a',
      '/a/../b',
      '/./a',
      '/%41',
      '/a//b',
      '~/(',
      '~/(?=a)',
      '~/(a)\\1',
      '/%zz',
      '/%2f',
    ],
  },
}

for (const [name, { judge, good, bad }] of Object.entries(judged)) {
  describe(name, () => {
    for (const text of good) test(`is ${text}`, () => assert.equal(judge(text), null))
    for (const text of bad) test(`is not ${text}`, () => assert.notEqual(judge(text), null))
  })
}

describe('paths of formats before 3.0', () => {
  const cases: Record<string, string> = {
    '/a': '/a',
    '/a/./b': '/a/b',
    '/%41': '/A',
    '/a%2fb': '/a%2Fb',
    '/\\d+': '~/\\d+',
    '/(a%2Eb)': '~/(a\\.b)',
    '/a$': '~/a$',
  }
  for (const [path, migrated] of Object.entries(cases)) {
    test(path, () => assert.equal(migratePath(path), migrated))
  }
})
