import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordsOf } from './words.ts'

const timing = { intervalMs: 5000, timeoutMs: 1500, retries: 3, startPeriodMs: 120_000 }

const cases: readonly [what: string, name: string, value: unknown, expected: string][] = [
  ['a text', '', 'a b', 'a b'],
  ['a command', 'command', ['node', 'a b.js'], 'node "a b.js"'],
  [
    'a healthcheck',
    'healthcheck',
    { kind: 'http', path: '/health', port: 8080, ...timing },
    'http, path /health, port 8080, interval 5 s, timeout 1500 ms, retries 3, start period 2 min',
  ],
  [
    'an update',
    'update_config',
    { strategy: 'blue-green', parallelism: 1, maxFailureRatio: 0, order: undefined },
    'blue-green, parallelism 1, max failure ratio 0',
  ],
  ['a size of the file', 'mem_limit', 268_435_456, '256 MiB'],
  [
    'a size in a field',
    '',
    { softBytes: 2_147_483_648, hardBytes: 1000 },
    'soft 2 GiB, hard 1000 bytes',
  ],
  ['no limit', 'memswap_limit', -1, '-1'],
  ['a number', 'replicas', 3, '3'],
  [
    'routes',
    'routes',
    [
      { path: '/', stripPath: false },
      { path: '/api', stripPath: true },
    ],
    'path /; path /api, strip path',
  ],
  [
    'what holds something',
    '',
    { exec: { command: ['a'], environment: { MY_VAR: 'x' } } },
    'exec (command a, environment (MY_VAR x))',
  ],
  ['nothing said', '', { aliases: [], environment: {} }, 'no options'],
]

for (const [what, name, value, expected] of cases) {
  test(`in words: ${what}`, () => assert.equal(wordsOf(value, name), expected))
}
