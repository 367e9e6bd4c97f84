import assert from 'node:assert/strict'
import { test } from 'node:test'
import { places, refusals, service } from './testing.ts'

const refused: { name: string; yaml: string; at: string[]; says: RegExp }[] = [
  {
    name: 'an unknown key',
    yaml: service('enviroment: {}'),
    at: ['4:5 unknown_key'],
    says: /'enviroment' not allowed \(did you mean environment\?\)/,
  },
  {
    name: 'an unknown top-level key',
    yaml: 'service: {}\n',
    at: ['1:1 unknown_key'],
    says: /did you mean services\?/,
  },
  {
    name: 'a key without a value',
    yaml: service('ports:'),
    at: ['4:11 wrong_type'],
    says: /services\.a\.ports must be a list, not empty \(give it a value, or leave the key out\)/,
  },
  {
    name: 'two namespaces of a network',
    yaml: service('network_mode: host\n    networks: [default]'),
    at: ['4:19 conflicting_keys'],
    says: /mutually exclusive `network_mode` and `networks`/,
  },
  {
    name: 'a secret from nowhere',
    yaml: 'services: {}\nsecrets:\n  s: {labels: [a]}\n',
    at: ['3:6 missing_key'],
    says: /secrets\.s: one of file\|environment must be set/,
  },
  {
    name: 'a watch without target',
    yaml: service('develop: {watch: [{path: ., action: sync}]}'),
    at: ['4:23 missing_key'],
    says: /target is required/,
  },
  {
    name: 'two limits that differ',
    yaml: service('mem_limit: 1g\n    deploy: {resources: {limits: {memory: 2g}}}'),
    at: ['4:16 conflicting_keys'],
    says: /distinct values on 'mem_limit' and 'deploy\.resources\.limits\.memory'/,
  },
  {
    name: 'every error of a stage',
    yaml: service('foo: 1\n    bar: 2\n    privileged: maybe'),
    at: ['4:5 unknown_key', '5:5 unknown_key', '6:17 bad_value'],
    says: /a boolean, not "maybe"/,
  },
  {
    name: 'text with NUL',
    yaml: service('labels: {a: "x\\0"}'),
    at: ['4:17 bad_text'],
    says: /NUL or half a character \(remove the escape \\0, \\x00, \\ud800 or the like\)/,
  },
  {
    name: 'a name with half a character',
    yaml: service('labels: {"a\\ud800": x}'),
    at: ['4:14 bad_text'],
    says: /NUL or half a character/,
  },
  {
    name: 'a duplicate key',
    yaml: service('user: a\n    user: b'),
    at: ['5:5 duplicate_key'],
    says: /"user" already defined at line 4/,
  },
  {
    name: 'a cyclic alias',
    yaml: 'x-a: &a\n  b: *a\n',
    at: ['2:6 alias_cycle'],
    says: /cycle detected/,
  },
  { name: 'an unknown alias', yaml: 'x-a: *b\n', at: ['1:6 unknown_alias'], says: /no anchor &b/ },
  {
    name: 'a number as key',
    yaml: 'services: {1: {image: x}}',
    at: ['1:12 key_not_string'],
    says: /non-string key: 1/,
  },
  {
    name: 'a wrong type',
    yaml: 'services: [a]\n',
    at: ['1:11 wrong_type'],
    says: /services must be a mapping, not a list/,
  },
  {
    name: 'a number for a string',
    yaml: service('user: 1000'),
    at: ['4:11 wrong_type'],
    says: /put it in quotes: "1000"/,
  },
  {
    name: 'a duration without unit',
    yaml: service('stop_grace_period: 10'),
    at: ['4:24 bad_value'],
    says: /a duration, not "10"/,
  },
  {
    name: 'a bad port',
    yaml: service('ports: ["80:x"]'),
    at: ['4:13 bad_port'],
    says: /invalid container port/,
  },
  {
    name: 'port ranges of two lengths',
    yaml: service('ports: ["80-82:80-81"]'),
    at: ['4:13 bad_port'],
    says: /different lengths/,
  },
  {
    name: 'a bad volume',
    yaml: service('volumes: ["data:/b:ro:x"]'),
    at: ['4:15 bad_volume'],
    says: /too many colons/,
  },
  {
    name: 'an unknown dependency',
    yaml: service('depends_on: [dbb]\n  db: {image: y}'),
    at: ['4:18 undefined_service'],
    says: /undefined service "dbb" \(did you mean db\?\)/,
  },
  {
    name: 'an undefined network',
    yaml: service('networks: [front]'),
    at: ['4:16 undefined_network'],
    says: /undefined network front/,
  },
  {
    name: 'an undefined volume',
    yaml: service('volumes: [data:/data]'),
    at: ['4:15 undefined_volume'],
    says: /undefined volume data/,
  },
  {
    name: 'a missing env_file',
    yaml: service('env_file: gone.env'),
    at: ['4:15 env_file_missing'],
    says: /gone\.env not found/,
  },
  {
    name: 'no image',
    yaml: 'services:\n  a: {command: x}\n',
    at: ['2:6 no_image'],
    says: /neither an image nor a build/,
  },
  {
    name: 'a process without command',
    yaml: 'services:\n  a:\n    x-keelson: {runtime: process}\n',
    at: ['3:5 no_command'],
    says: /neither command nor entrypoint/,
  },
  {
    name: 'replicas with container_name',
    yaml: service('container_name: one\n    deploy: {replicas: 2}'),
    at: ['4:21 replicas_conflict'],
    says: /container name must be unique/,
  },
  {
    name: 'replicas with a fixed host port',
    yaml: service('ports: ["80:80"]\n    scale: 2'),
    at: ['4:13 replicas_conflict'],
    says: /2 replicas cannot all publish host port 80/,
  },
  {
    name: 'scale against replicas',
    yaml: service('scale: 2\n    deploy: {replicas: 3}'),
    at: ['4:12 conflicting_keys'],
    says: /distinct values/,
  },
  {
    name: 'a host port twice',
    yaml: service('ports: ["80:80"]\n  b:\n    image: y\n    ports: ["127.0.0.1:80:81"]'),
    at: ['7:13 duplicate_port'],
    says: /80\/tcp, which service "a" has \(line 4\)/,
  },
  {
    name: 'a container_name twice',
    yaml: service('container_name: nn\n  b: {image: y, container_name: nn}'),
    at: ['5:33 duplicate_container_name'],
    says: /share the container_name nn/,
  },
  {
    name: 'a mount target twice',
    yaml: service('tmpfs: /x\n    volumes: [./b:/x/]'),
    at: ['5:15 duplicate_target'],
    says: /already mounted/,
  },
  {
    name: 'waiting for health that never comes',
    yaml: service(
      'depends_on: {b: {condition: service_healthy}}\n  b: {image: y, healthcheck: {disable: true}}',
    ),
    at: ['4:21 never_healthy'],
    says: /has no health check/,
  },
  {
    name: 'a wrong x-keelson key',
    yaml: service('x-keelson: {rout: /a}'),
    at: ['4:17 unknown_key'],
    says: /did you mean route\?/,
  },
  {
    name: 'an x-keelson key that is near to none',
    yaml: service('x-keelson: {zebra: 1}'),
    at: ['4:17 unknown_key'],
    says: /'zebra' not allowed \(one of runtime, category, port, .*update, hook_timeout\)/,
  },
  {
    name: 'a key of a probe that is near to none',
    yaml: service('x-keelson: {probe: {http: /a, zebra: 1}}'),
    at: ['4:35 unknown_key'],
    says: /\(one of http, tcp, interval, timeout, retries, start_period\)/,
  },
  {
    name: 'a wrong category',
    yaml: service('x-keelson: {category: cor}'),
    at: ['4:27 bad_value'],
    says: /did you mean core\?/,
  },
  {
    name: 'a probe of two kinds',
    yaml: service('x-keelson: {probe: {http: /a, tcp: true}}'),
    at: ['4:24 bad_probe'],
    says: /exactly one of http and tcp/,
  },
  {
    name: 'a wrong port',
    yaml: service('x-keelson: {port: 99999}'),
    at: ['4:23 bad_value'],
    says: /auto or a port from 1 to 65535/,
  },
  {
    name: 'invalid interpolation',
    yaml: service('user: "${}"'),
    at: ['4:11 bad_interpolation'],
    says: /services\.a\.user: invalid interpolation \(write \$\$/,
  },
  {
    name: 'a required variable',
    yaml: service('user: ${WHO:?say who}'),
    at: ['4:11 required_variable'],
    says: /required variable WHO is missing a value: say who/,
  },
  { name: 'broken YAML', yaml: 'services: {a: [\n', at: ['2:1 yaml_syntax'], says: /:2:1: / },
  {
    name: 'an empty file',
    yaml: '# nothing\n',
    at: ['1:1 empty_file'],
    says: /empty compose file/,
  },
  {
    name: 'a list at the top',
    yaml: '- a\n',
    at: ['1:1 top_level_not_mapping'],
    says: /top-level object must be a mapping/,
  },
  {
    name: 'external with driver',
    yaml: 'services: {}\nvolumes:\n  v: {external: true, driver: d}\n',
    at: ['3:23 conflicting_keys'],
    says: /conflicting parameters "external" and "driver"/,
  },
]

for (const { name, yaml, at, says } of refused) {
  test(`refuses ${name} with its place`, async () => {
    const error = await refusals(yaml)
    assert.deepEqual(places(error), at, error.message)
    assert.match(error.message, says)
    assert.ok(error.diagnostics.every(({ file }) => file.endsWith('/compose.yaml')))
  })
}

test('names the whole path of a dependency cycle', async () => {
  const error = await refusals(`services:
  a: {image: x, depends_on: [b]}
  b: {image: x, depends_on: [c]}
  c: {image: x, depends_on: [a]}
`)
  assert.deepEqual(places(error), ['4:30 dependency_cycle'])
  assert.match(error.message, /a -> b -> c -> a/)
})

test('an alias bomb is refused within bounds', async () => {
  const lines = ['x-a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 9; level++) {
    const use = Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')
    lines.push(`x-a${level}: &a${level} [${use}]`)
  }
  const error = await refusals(lines.join('\n'))
  assert.match(error.message, /excessive aliasing/)
})

test('a file beyond the size limit is refused', async () => {
  const error = await refusals(service('user: a'), { limits: { fileSizeLimitBytes: 10 } })
  assert.deepEqual(places(error), ['1:1 file_too_large'])
})
