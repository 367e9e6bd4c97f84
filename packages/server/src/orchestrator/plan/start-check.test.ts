import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceSpec } from '@keelson/contract'
import { startChecks } from './start-check.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const origin = (line: number) => ({ file: '/shop/compose.yaml', line, column: 5 })
const checks = startChecks({
  keepers: new Map(),
  ports: { find: () => undefined, replace: () => Promise.reject(new Error('not asked for')) },
  injectedOf: () => ({}),
  onMove: () => undefined,
})
const content = (target: string): ServiceSpec['files'] => [
  { kind: 'config', source: 'app', target, content: 'x' },
]

const cases: [name: string, more: Partial<ServiceSpec>, messages: RegExp[], line?: number][] = [
  ['nothing wrong', {}, []],
  [
    'a command that is not there',
    { command: ['no-such-program'], origins: { command: [origin(3)] } },
    [/no-such-program/],
    3,
  ],
  [
    'a user that is not there',
    { user: 'nobody-of-that-name', origins: { user: [origin(4)] } },
    [/nobody-of-that-name, which this host does not have/],
    4,
  ],
  [
    'a group that is not there',
    { groups: ['no-such-group'], origins: { groups: [origin(5)] } },
    [/group no-such-group/],
    5,
  ],
  [
    'a file that would have to be mounted over nothing, or cannot be mounted at all',
    { files: content('/usr/no-such-file'), origins: { configs: [origin(6)] } },
    [/cannot have the config app/],
    6,
  ],
  [
    'a ulimit that does not exist',
    { ulimits: { nofiles: { soft: 1, hard: 1 } }, origins: { ulimits: [origin(7)] } },
    [/a ulimit that does not exist: nofiles/],
    7,
  ],
  [
    'everything at once, each told',
    {
      ...{ command: ['no-such-program'], user: 'nobody-of-that-name' },
      ulimits: { nofiles: { soft: 1, hard: 1 } },
    },
    [/no-such-program/, /nobody-of-that-name/, /nofiles/],
  ],
]

for (const [name, more, messages, line] of cases) {
  test(`before the start of a process: ${name}`, async () => {
    const stack = stackSpec('shop', [serviceSpec('a', more)], { workingDir: '/' })
    const faults = await checks.stack(stack, new Set())
    assert.equal(faults.length, messages.length, JSON.stringify(faults))
    for (const [at, message] of messages.entries()) assert.match(faults[at]?.message ?? '', message)
    if (line !== undefined) assert.equal(faults[0]?.origin?.line, line)
    assert.ok(faults.every(({ hint = '' }) => hint !== ''))
  })
}
