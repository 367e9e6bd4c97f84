import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { ResourceProgress } from '../runtime.ts'
import { serviceOf } from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, stackOf } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine } from './engine.ts'
import { pullImage } from './image-pull.ts'
import { registryOf } from './registry-credentials.ts'
import { startRegistry } from './testing/registry.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) after(() => engine.stop())
const socket = 'unavailable' in engine ? '' : engine.socket
const deps = { engine: createEngine(`unix://${socket}`), clock: systemClock }

const home = await mkdtemp(join(tmpdir(), 'keelson-docker-config-'))
process.env['DOCKER_CONFIG'] = home
process.env['PATH'] = `${home}${delimiter}${process.env['PATH'] ?? ''}`
after(() => rm(home, { recursive: true, force: true }))
const writeConfig = (config: object) => writeFile(join(home, 'config.json'), JSON.stringify(config))
const auth = Buffer.from('user:right:password').toString('base64')

const refused =
  (message: RegExp, hint = /./) =>
  (error: unknown) =>
    error instanceof AppError &&
    error.code === 'image_unavailable' &&
    message.test(error.message) &&
    hint.test(error.hint)

test('a pull tells its progress, and a failing registry is asked again', { skip }, async () => {
  await using registry = await startRegistry()
  registry.failManifest(503, 2)
  const told: ResourceProgress[] = []
  await pullImage(deps, registry.image, undefined, (progress) => told.push(progress))
  assert(told.some(({ text }) => text.includes('tried again (1 of 2)')))
  const shares = told.flatMap(({ share }) => (share === null ? [] : [share]))
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  )
  assert.equal(shares.at(-1), 1)
  const found = await deps.engine.find('', (docker) => docker.getImage(registry.image).inspect())
  assert.match(found?.Id ?? '', /^sha256:/)
})

test('a pull that stalls in the middle of a layer is ended', { skip }, async () => {
  await using registry = await startRegistry()
  registry.stallLayers = true
  await assert.rejects(
    pullImage(deps, registry.image, serviceOf([]), () => undefined, 500),
    refused(/image of service api cannot be pulled: .*no progress for 500 ms/),
  )
})

test('the registry is signed in to with what docker login has stored', { skip }, async () => {
  await using registry = await startRegistry('right:password')
  const host = registry.image.split('/')[0] ?? ''
  const helper = join(home, 'docker-credential-keelsontest')
  await writeFile(
    helper,
    '#!/bin/sh\n[ "$1" = get ] && read server && echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"user\\",\\"Secret\\":\\"right:password\\"}"\n',
  )
  await chmod(helper, 0o755)
  const wrong = Buffer.from('user:wrong').toString('base64')
  const refusals: [object, RegExp][] = [
    [{}, /no basic auth credentials|unauthorized/],
    [{ auths: { [host]: { auth: wrong } } }, /unauthorized/],
    [{ credsStore: 'not-installed' }, /no basic auth credentials|unauthorized/],
  ]
  for (const [config, message] of refusals) {
    await writeConfig(config)
    await assert.rejects(
      pullImage(deps, registry.image, undefined, () => undefined),
      refused(message, new RegExp(`docker login ${host}`)),
    )
  }
  const accepted = [
    { auths: { [host]: { auth } } },
    { auths: { [`https://${host}/v2/`]: { username: 'user', password: 'right:password' } } },
    { credHelpers: { [host]: 'keelsontest' } },
    { credsStore: 'keelsontest', auths: { [host]: {} } },
  ]
  for (const config of accepted) {
    await writeConfig(config)
    await pullImage(deps, registry.image, undefined, () => undefined)
  }
})

test('the policy of a service decides when its image is pulled again', { skip }, async () => {
  await using registry = await startRegistry()
  await using bench = await createContainerBench(socket)
  const { resources } = bench.runtime
  assert(resources !== null)
  const stack = (more: Parameters<typeof containerOf>[0]) =>
    stackOf([
      {
        ...serviceOf([]),
        runtime: 'container',
        container: containerOf({ image: registry.image, ...more }),
      },
    ])
  const reasons = async (more: Parameters<typeof containerOf>[0]) => {
    const missing = await resources.missing(stack(more))
    return missing.flatMap(({ kind, reason }) =>
      kind === 'pull_image' ? [reason ?? 'absent'] : [],
    )
  }
  assert.deepEqual(await reasons({ pullPolicy: 'missing' }), ['absent'])
  const daily = { pullPolicy: 'missing', pullIntervalMs: 86_400_000 } as const
  const missing = (await resources.missing(stack(daily))).find(({ kind }) => kind === 'pull_image')
  assert(missing !== undefined)
  await resources.create(stack(daily), missing, () => undefined)
  assert.deepEqual(await reasons({ pullPolicy: 'missing' }), [])
  assert.deepEqual(await reasons({ pullPolicy: 'never' }), [])
  assert.deepEqual(await reasons({ pullPolicy: 'always' }), ['pull_policy: always'])
  assert.deepEqual(await reasons(daily), [])
  const [old] = await reasons({ pullPolicy: 'missing', pullIntervalMs: 0 })
  assert.match(old ?? '', /it was pulled/)
})

test('the registry of an image is the one Docker asks', () => {
  const cases: [string, string][] = [
    ['nginx:1', 'https://index.docker.io/v1/'],
    ['library/nginx', 'https://index.docker.io/v1/'],
    ['docker.io/library/nginx', 'https://index.docker.io/v1/'],
    ['localhost/x', 'localhost'],
    ['ghcr.io/a/b:c', 'ghcr.io'],
    ['10.0.0.1:5000/a@sha256:00', '10.0.0.1:5000'],
  ]
  for (const [image, registry] of cases) assert.equal(registryOf(image), registry)
})
