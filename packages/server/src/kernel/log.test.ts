import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { createLog, Secret } from './log.ts'

const createRecordedLog = (level: 'debug' | 'info' | 'warn' | 'error' = 'debug') => {
  const lines: string[] = []
  const log = createLog({
    level,
    target: 'control',
    destination: { write: (line) => void lines.push(line) },
  })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

const value = 'hunter2'
const secret = new Secret(value)

const waysToPrint: [string, () => string][] = [
  ['JSON', () => JSON.stringify({ deep: [{ secret }] })],
  ['inspection', () => inspect({ deep: [{ secret }] }, { depth: null, showHidden: true })],
  ['a template', () => `a ${String(secret)} b`],
  ['addition', () => ['', secret].join('')],
  ['format', () => format('%s %o %j %O', secret, secret, secret, secret)],
  [
    'its entries',
    () => JSON.stringify(Object.entries(secret)) + JSON.stringify(Object.assign({}, secret)),
  ],
  ['the message of an error', () => inspect(new Error('failed', { cause: { secret } }))],
]
for (const [way, print] of waysToPrint) {
  test(`a secret is not shown by ${way}`, () => assert.doesNotMatch(print(), /hunter2/))
}

test('only reveal gives a secret out', () => assert.equal(secret.reveal(), value))

test('the log shows no secret, neither an object nor text under a telling name', () => {
  const { log, lines } = createRecordedLog()
  const child = log.child({ domain: 'identity' })
  const names = ['password', 'token', 'secret', 'authorization', 'cookie', 'connectionString']
  child.info({ secret, deep: { secret } }, 'an object')
  for (const name of names) {
    child.warn({ [name]: value }, 'at the top')
    child.error({ headers: { [name]: value } }, 'one level down')
  }
  log.error({ err: Object.assign(new Error('failed'), { secret }) }, 'in an error')
  assert.equal(lines.length, 2 + names.length * 2)
  assert.doesNotMatch(lines.join(''), /hunter2/)
})

test('a line holds time, target, bindings, fields and message', () => {
  const { log, last } = createRecordedLog()
  log.child({ domain: 'health' }).warn({ probes: 3 }, 'probes are late')
  const { time, level, ...rest } = last()
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.equal(level, 40)
  assert.deepEqual(rest, {
    target: 'control',
    domain: 'health',
    probes: 3,
    msg: 'probes are late',
  })
})

test('an error brings its stack and its cause', () => {
  const { log, last } = createRecordedLog()
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
  const { err } = last() as { err: { message: string; stack: string } }
  assert.match(err.message, /outer/)
  assert.match(err.stack, /log\.test\.ts/)
  assert.match(err.stack, /inner/)
})

test('lines below the level are not written', () => {
  const { log, lines } = createRecordedLog('warn')
  log.debug({}, 'a')
  log.info({}, 'b')
  log.warn({}, 'c')
  assert.equal(lines.length, 1)
})
