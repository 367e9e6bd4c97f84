import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceSpec } from '@keelson/contract'
import { portsOfOthers, refuseFaults, stackFaults, textFaults } from './stack-check.ts'
import { containerSpec, needs, serviceSpec, stackSpec } from '../testing/spec.ts'

const origin = (line: number) => ({ file: '/shop/compose.yaml', line, column: 5 })
const port = (
  target: number,
  published?: number,
  hostIp?: string,
): ServiceSpec['ports'][number] => ({
  target,
  protocol: 'tcp',
  ...(published === undefined ? {} : { published }),
  ...(hostIp === undefined ? {} : { hostIp }),
})

const cases: [name: string, services: ServiceSpec[], message: RegExp | null, line?: number][] = [
  ['a sound stack', [serviceSpec('a', { dependsOn: [needs('b')] }), serviceSpec('b')], null],
  [
    'a name that is there twice',
    [serviceSpec('a'), serviceSpec('a', { origins: { '': [origin(9)] } })],
    /service a is there twice/,
    9,
  ],
  [
    'a dependency that is not there',
    [serviceSpec('a', { dependsOn: [needs('x')], origins: { 'dependsOn.x': [origin(4)] } })],
    /a depends on x, which is not in this stack/,
    4,
  ],
  [
    'an optional dependency that is not there',
    [serviceSpec('a', { dependsOn: [needs('x', 'service_started', false)] })],
    null,
  ],
  [
    'a process without a command',
    [serviceSpec('a', { command: null, origins: { '': [origin(2)] } })],
    /a runs as a process and has no command/,
    2,
  ],
  ['a container of nothing', [containerSpec('a', { container: null })], /neither image nor build/],
  [
    'a cycle',
    [
      serviceSpec('a', { dependsOn: [needs('b')], origins: { 'dependsOn.b': [origin(7)] } }),
      serviceSpec('b', { dependsOn: [needs('a')] }),
    ],
    /a and b wait for each other/,
    7,
  ],
  [
    'replicas on one published port',
    [serviceSpec('a', { replicas: 2, ports: [port(80, 8081)], origins: { ports: [origin(5)] } })],
    /only one can have port 8081/,
    5,
  ],
  [
    'replicas on one port of their own',
    [serviceSpec('a', { replicas: 2, port: 3000, origins: { port: [origin(6)] } })],
    /only one can have port 3000/,
    6,
  ],
  [
    'two services on one port',
    [
      serviceSpec('a', { ports: [port(80, 4317)] }),
      containerSpec('b', { ports: [port(4317, 4317)], origins: { ports: [origin(12)] } }),
    ],
    /a and b both want port 4317/,
    12,
  ],
  [
    'two processes that listen on the same port',
    [
      serviceSpec('a', { port: 3000 }),
      serviceSpec('b', { expose: [3000], origins: { expose: [origin(3)] } }),
    ],
    /a and b both want port 3000/,
    3,
  ],
  [
    'one of two on every address',
    [
      serviceSpec('a', { ports: [port(80, 80, '127.0.0.2')] }),
      serviceSpec('b', { ports: [port(80, 80, '0.0.0.0')] }),
    ],
    /both want port 80/,
  ],
  [
    'the same port on two addresses',
    [
      serviceSpec('a', { ports: [port(80, 80, '127.0.0.2')] }),
      serviceSpec('b', { ports: [port(80, 80, '127.0.0.3')] }),
    ],
    null,
  ],
  [
    'containers that listen on the same port inside',
    [containerSpec('a', { expose: [80] }), containerSpec('b', { expose: [80] })],
    null,
  ],
  [
    'free ports of several replicas',
    [serviceSpec('a', { port: 'auto', replicas: 3 }), serviceSpec('b', { port: 'auto' })],
    null,
  ],
]
for (const [name, services, message, line] of cases) {
  test(`${name}: ${message === null ? 'no fault' : 'a fault with its place'}`, () => {
    const faults = stackFaults(stackSpec('shop', services))
    if (message === null) return assert.deepEqual(faults, [])
    assert.equal(faults.length, 1, JSON.stringify(faults))
    assert.match(faults[0]?.message ?? '', message)
    if (line !== undefined) assert.equal(faults[0]?.origin?.line, line)
  })
}

const across: [name: string, theirs: ServiceSpec, mine: ServiceSpec, isRefused: boolean][] = [
  [
    'the same port',
    containerSpec('page', { ports: [port(80, 8080)] }),
    serviceSpec('a', { port: 8080 }),
    true,
  ],
  [
    'one on all addresses',
    containerSpec('page', { ports: [port(80, 8080, '0.0.0.0')] }),
    serviceSpec('a', { port: 8080 }),
    true,
  ],
  [
    'another address',
    containerSpec('page', { ports: [port(80, 8080, '10.0.0.1')] }),
    serviceSpec('a', { port: 8080 }),
    false,
  ],
  [
    'a service without instances',
    containerSpec('page', { ports: [port(80, 8080)], replicas: 0 }),
    serviceSpec('a', { port: 8080 }),
    false,
  ],
]
for (const [name, theirs, mine, isRefused] of across) {
  test(`ports of another stack: ${name}`, () => {
    const faults = portsOfOthers(stackSpec('shop', [mine]), [{ stack: 'blog', spec: theirs }])
    const message = 'port 8080 is in use by page of the stack blog, and service a wants it'
    assert.deepEqual(
      faults.map((fault) => fault.message),
      isRefused ? [message] : [],
    )
  })
}

test('all faults come at once, the first of them as the message', () => {
  const faults = stackFaults(
    stackSpec('shop', [serviceSpec('a', { command: null }), serviceSpec('b', { command: null })]),
  )
  assert.throws(() => refuseFaults(faults), {
    code: 'stack_invalid',
    message: 'a runs as a process and has no command (and 1 more)',
  })
  refuseFaults([])
})

for (const [name, value] of [
  ['a NUL', 'a\u0000b'],
  ['half a character', '\ud800'],
] as const) {
  test(`${name} in a value is refused`, () => {
    const faults = textFaults(stackSpec('a', [serviceSpec('web', { environment: { A: value } })]))
    assert.match(faults[0]?.message ?? '', /^web has the character U\+/)
  })
}
test('whole characters, backslashes and what only looks like an escape pass', () => {
  const environment = { A: 'ü😀', B: '\\u0000', C: String.raw`C:\ud800` }
  assert.deepEqual(textFaults(stackSpec('a', [serviceSpec('web', { environment })])), [])
})
