import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convert, fileOf, refusalOf } from './testing/convert.ts'

const container = 'image: nginx\n'
const process = 'command: node main.mjs\nx-keelson:\n  runtime: process\n'

const taken: [string, string][] = [
  [
    'the constraint that this is the manager',
    'deploy: { placement: { constraints: ["node.role==manager"] } }',
  ],
  [
    'the constraint that this is Linux',
    'deploy: { placement: { constraints: ["node.platform.os == linux"] } }',
  ],
  [
    'the constraint that it is no other host',
    'deploy: { placement: { constraints: ["node.hostname != other"] } }',
  ],
  [
    'as many replicas as a host may have',
    'deploy: { replicas: 2, placement: { max_replicas_per_node: 2 } }',
  ],
  ['the isolation that is the default', 'isolation: default'],
]

for (const [name, lines] of taken) {
  test(`taken without a word: ${name}`, async () => {
    assert.deepEqual((await convert(fileOf(`${container}${lines}`))).warnings, [])
  })
}

const refusals: [string, string, RegExp, number][] = [
  [
    'another host',
    `${container}deploy: { placement: { constraints: ["node.role == worker"] } }`,
    /node\.role == worker does not hold/,
    5,
  ],
  [
    'more replicas than a host may have',
    `${container}deploy: { replicas: 3, placement: { max_replicas_per_node: 2 } }`,
    /at most 2/,
    5,
  ],
  [
    'generic resources',
    `${container}deploy: { resources: { reservations: { generic_resources: [{ discrete_resource_spec: { kind: ssd, value: 2 } }] } } }`,
    /counted by a Swarm/,
    5,
  ],
  ['an unknown mode', `${container}deploy: { mode: often }`, /no mode often/, 5],
  [
    'an unknown failure action',
    `${container}deploy: { update_config: { failure_action: cry } }`,
    /no cry/,
    5,
  ],
  [
    'a rollback of a rollback',
    `${container}deploy: { rollback_config: { failure_action: rollback } }`,
    /cannot be rolled back/,
    5,
  ],
  ['a free port in another variable', `${process}  port: { env: X }`, /not in \$X/, 7],
  [
    'a range of statuses',
    `${process}  probe: { http: { path: /, status: 200-204 } }`,
    /200-204/,
    7,
  ],
  ['a signal that is none', `${container}stop_signal: SIGNOPE`, /no signal SIGNOPE/, 5],
  ['an option of a tmpfs', `${container}tmpfs: "/run:uid=5"`, /tmpfs option uid=5/, 5],
  ['volumes of a process', `${process}volumes: ["./a:/a"]`, /has no volumes/, 7],
  ['capabilities of a process', `${process}cap_add: [ALL]`, /has no capabilities/, 7],
  ['a network mode of a process', `${process}network_mode: none`, /none cannot be had/, 7],
  ['a link of a process under another name', `${process}links: ["web2:other"]`, /not as other/, 7],
  [
    'an image for a hook of a process',
    `${process}pre_start: [{ command: [a], image: b }]`,
    /not in an image/,
    7,
  ],
  ['a remapped port of a process', `${process}ports: ["80:8080"]`, /cannot be led to 8080/, 7],
]

for (const [name, lines, message, line] of refusals) {
  test(`refused by name and place: ${name}`, async () => {
    const { faults } = await refusalOf(fileOf(lines, '  web2: { image: a }\n'))
    assert.match(faults[0]?.message ?? '', message)
    assert.equal(faults[0]?.place?.line, line)
    assert.notEqual(faults[0]?.hint ?? '', '')
  })
}

const works = [
  'user: nobody',
  'group_add: [mail]',
  'ulimits: { nofile: 100 }',
  'deploy: { resources: { limits: { cpus: "0.5", memory: 64m, pids: 5 } } }',
  'post_start: [{ command: [a] }]',
  'pre_stop: [{ command: [a] }]',
  'pre_start: [{ command: [a] }]',
  'network_mode: host',
  'links: [web2]',
  'init: false',
]

for (const lines of works) {
  test(`a process takes ${lines}`, async () => {
    const { warnings } = await convert(fileOf(`${process}${lines}`, '  web2: { image: a }\n'))
    assert.deepEqual(warnings, [])
  })
}

const ineffective = [
  'image: a',
  'tty: true',
  'hostname: h',
  'privileged: true',
  'logging: { driver: syslog }',
  'deploy: { resources: { reservations: { cpus: "1" } } }',
]

for (const lines of ineffective) {
  test(`of no effect for a process, and told: ${lines}`, async () => {
    const { warnings } = await convert(fileOf(`${process}${lines}`))
    assert.equal(warnings.length, 1)
    assert.equal(warnings[0]?.place?.line, 7)
  })
}

test('a health check that nobody runs is reported, and does not keep the stack from starting', async () => {
  const { warnings } = await convert(fileOf(`${container}healthcheck: { interval: 1s }`))
  assert.match(warnings[0]?.message ?? '', /without test: is not run/)
  assert.equal(warnings[0]?.place?.line, 5)
})
