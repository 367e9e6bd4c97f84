import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { engineAddress, type EngineAddress } from './engine-address.ts'

const folder = await mkdtemp(join(tmpdir(), 'keelson-context-'))
after(() => rm(folder, { recursive: true, force: true }))
const idOf = (name: string) => createHash('sha256').update(name).digest('hex')
const meta = join(folder, 'contexts/meta', idOf('far'))
const tls = join(folder, 'contexts/tls', idOf('far'), 'docker')
await mkdir(meta, { recursive: true })
await mkdir(tls, { recursive: true })
await writeFile(
  join(meta, 'meta.json'),
  JSON.stringify({ Name: 'far', Endpoints: { docker: { Host: 'tcp://far.example:2376' } } }),
)
for (const name of ['ca', 'cert', 'key']) await writeFile(join(tls, `${name}.pem`), name)
const certificates = { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') }

const usual = '/var/run/docker.sock'
const cases: [
  dockerHost: string | undefined,
  environment: Record<string, string>,
  way: EngineAddress['way'],
  remoteHost: string | null,
][] = [
  [undefined, {}, { kind: 'unix', socketPath: usual }, null],
  [
    'unix:///run/x.sock',
    { DOCKER_HOST: 'tcp://y' },
    { kind: 'unix', socketPath: '/run/x.sock' },
    null,
  ],
  ['tcp://h:1234', {}, { kind: 'tcp', host: 'h', port: 1234, tls: null }, 'h'],
  ['10.0.0.1', {}, { kind: 'tcp', host: '10.0.0.1', port: 2375, tls: null }, '10.0.0.1'],
  ['tcp://[::1]:1', {}, { kind: 'tcp', host: '::1', port: 1, tls: null }, null],
  [
    'tcp://h',
    { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: tls },
    { kind: 'tcp', host: 'h', port: 2376, tls: { ...certificates, verify: true } },
    'h',
  ],
  ['ssh://me@h:2222', {}, { kind: 'ssh', host: 'h', port: '2222', user: 'me' }, 'h'],
  ['ssh://alias', {}, { kind: 'ssh', host: 'alias', port: '', user: '' }, 'alias'],
  [
    undefined,
    { DOCKER_CONTEXT: 'far' },
    { kind: 'tcp', host: 'far.example', port: 2376, tls: { ...certificates, verify: true } },
    'far.example',
  ],
  [undefined, { DOCKER_CONTEXT: 'default' }, { kind: 'unix', socketPath: usual }, null],
]

test('the engine is the one that Docker’s own commands would use', () => {
  for (const [dockerHost, environment, way, remoteHost] of cases) {
    const found = engineAddress(dockerHost, { DOCKER_CONFIG: folder, ...environment })
    assert.deepEqual([found.way, found.remoteHost], [way, remoteHost])
  }
})

test('the context of docker context use counts', async () => {
  await writeFile(join(folder, 'config.json'), JSON.stringify({ currentContext: 'far' }))
  assert.equal(engineAddress(undefined, { DOCKER_CONFIG: folder }).remoteHost, 'far.example')
  await rm(join(folder, 'config.json'))
})

test('an address that cannot be used is refused with what can', () => {
  const refusals: [Record<string, string>, RegExp][] = [
    [{ DOCKER_HOST: 'ftp://h' }, /ftp:\/\/h \(ftp: is neither/],
    [{ DOCKER_HOST: 'tcp://' }, /cannot be used: tcp:\/\//],
    [{ DOCKER_CONTEXT: 'nowhere' }, /no Docker context nowhere/],
  ]
  for (const [environment, message] of refusals) {
    assert.throws(
      () => engineAddress(undefined, { DOCKER_CONFIG: folder, ...environment }),
      (error) =>
        error instanceof AppError &&
        error.code === 'engine_unavailable' &&
        message.test(error.message),
    )
  }
})
