import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BuildSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { systemClock } from '../../kernel/clock.ts'
import { processesWith, serviceOf, uniqueSeconds, until } from '../runtime-process/runtime-cases.ts'
import { contextDigest } from './build-context.ts'
import { buildKitNeeds } from './build-settings.ts'
import { buildxArguments, hasBuildx } from './buildx.ts'
import { containerOf, createContainerBench, stackOf, testImage } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine } from './engine.ts'
import { buildImage } from './image-build.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  after(() => engine.stop())
}
const socket = 'unavailable' in engine ? '' : engine.socket
const connection = createEngine(`unix://${socket}`)
const deps = { engine: connection, clock: systemClock }
const dir = await mkdtemp(join(tmpdir(), 'keelson-build-'))
after(() => rm(dir, { recursive: true, force: true }))

const folderOf = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = join(dir, name)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

const inspect = (name: string) =>
  connection.call('inspect', (docker) => docker.getImage(name).inspect())

test('what a build is told arrives in the image', { skip }, async () => {
  const context = await folderOf('told', {
    'other/Dockerfile': `FROM ${testImage} AS first\nARG A\nRUN echo "$A" >/a; ulimit -n >/limit; grep beside /etc/hosts >/hosts\nCOPY . /all\nFROM first AS second\nRUN exit 1\n`,
    'other/Dockerfile.dockerignore': 'left-out\n',
    '.dockerignore': 'kept\n',
    'left-out': '',
    kept: '',
  })
  const build: BuildSpec = {
    ...{ context, dockerfile: 'other/Dockerfile', target: 'first', args: { A: 'value' } },
    ...{ labels: { mine: 'yes' }, tags: ['keelson-test/told:extra'], noCache: true },
    ...{ network: 'none', extraHosts: ['beside:10.1.2.3'], shmSizeBytes: 1_000_000 },
    ulimits: { nofile: { soft: 123, hard: 456 } },
  }
  const lines: string[] = []
  await buildImage(deps, {
    ...{ build, folder: '/', image: 'keelson-test/told:1', service: 'api' },
    progress: (line) => lines.push(line),
  })
  const info = await inspect('keelson-test/told:extra')
  assert.equal(info.Config.Labels?.['mine'], 'yes')
  await using bench = await createContainerBench(socket)
  const spec = {
    ...serviceOf(['sh', '-c', 'cat /a /limit /hosts; ls /all']),
    container: containerOf({ image: 'keelson-test/told:1', networkMode: 'none' }),
  }
  const instance = { ...spec, runtime: 'container' as const }
  const output = await outputOf(bench, instance)
  assert.deepEqual(output, ['value', '123', '10.1.2.3\tbeside', 'kept', 'other'])
})

type Bench = Awaited<ReturnType<typeof createContainerBench>>

const outputOf = async (bench: Bench, spec: ReturnType<typeof serviceOf>): Promise<string[]> => {
  const { instanceOf, until } = await import('../runtime-process/runtime-cases.ts')
  const instance = instanceOf(spec)
  await bench.runtime.start(instance)
  await until(async () => (await bench.runtime.observe()).every(({ running }) => !running))
  const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
  return page.items.map(({ text }) => text)
}

test('a Dockerfile is inline, or lies outside of its context', { skip }, async () => {
  const context = await folderOf('bare', { file: 'x' })
  const outside = await folderOf('outside', { Dockerfile: `FROM ${testImage}\nCOPY . /all\n` })
  const builds: BuildSpec[] = [
    { context, args: {}, dockerfileInline: `FROM ${testImage}\nCOPY . /all\n` },
    { context, args: {}, dockerfile: join(outside, 'Dockerfile') },
  ]
  for (const build of builds) {
    const image = 'keelson-test/inline:1'
    await buildImage(deps, { build, folder: '/', image, service: 'api', progress: () => {} })
    await using bench = await createContainerBench(socket)
    const container = containerOf({ image, networkMode: 'none' })
    const spec = { ...serviceOf(['sh', '-c', 'ls -A /all']), container }
    assert.deepEqual(await outputOf(bench, { ...spec, runtime: 'container' }), ['file'])
  }
})

/** A build, and what of it only BuildKit can do. */
const needs: [build: Partial<BuildSpec>, dockerfile: string, needs: string[]][] = [
  [{}, 'FROM x\nRUN a <b\nCOPY --chown=1 a b\nRUN cat \\\n  <<<x', []],
  [{}, '# RUN --mount=type=cache x\nFROM x', []],
  [{}, 'FROM x\nRUN --mount=type=cache,target=/c make', ['RUN --mount']],
  [{}, 'FROM x\ncopy --link a b', ['COPY --link']],
  [{}, 'FROM x\nRUN <<EOF\necho\nEOF', ['RUN with a here-document']],
  [{}, 'FROM x\nCOPY <<-"END" /f\nEND', ['COPY with a here-document']],
  [{ secrets: { a: '/a' } }, 'FROM x', ['build.secrets']],
  [{ ssh: ['default'], platforms: ['a', 'b'] }, 'FROM x', ['build.ssh', 'build.platforms']],
  [{ additionalContexts: { a: '/b' } }, 'FROM x', ['build.additional_contexts']],
]

test('what only BuildKit can do is known before anything is built', () => {
  for (const [build, dockerfile, expected] of needs) {
    assert.deepEqual(buildKitNeeds({ context: '/', args: {}, ...build }, dockerfile), expected)
  }
})

test(
  'a build that needs BuildKit is refused with its place without buildx',
  { skip },
  async (t) => {
    const path = process.env['PATH']
    t.after(() => (process.env['PATH'] = path))
    process.env['PATH'] = dir
    await using bench = await createContainerBench(socket)
    const { image: _, ...rest } = containerOf()
    const build = { context: dir, args: {}, dockerfileInline: 'FROM x', secrets: { npm: '/npmrc' } }
    const origin = { file: 'compose.yaml', line: 3, column: 5 }
    const spec = {
      ...serviceOf([]),
      runtime: 'container' as const,
      container: { ...rest, build },
      origins: { build: [origin] },
    }
    await assert.rejects(
      bench.runtime.resources?.missing(stackOf([spec])) ?? assert.fail(),
      (error: unknown) => {
        assert(error instanceof AppError)
        assert.match(error.message, /service api needs BuildKit \(build\.secrets\)/)
        assert.deepEqual(error.errors[0]?.origin, origin)
        return true
      },
    )
  },
)

test('a secret reaches a build with BuildKit and not its image', { skip }, async (t) => {
  if (!(await hasBuildx(connection))) return t.skip('DOCKER BUILDX IS NOT INSTALLED')
  const read = `RUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = hidden && echo read >/told`
  const context = await folderOf('buildkit', {
    'sub/Dockerfile.alt': `FROM ${testImage}\n${read}\n`,
    token: 'hidden',
  })
  const secrets = { token: join(context, 'token') }
  const build = { context, args: {}, dockerfile: 'sub/Dockerfile.alt', secrets, network: 'none' }
  const image = 'keelson-test/buildkit:1'
  await buildImage(deps, { build, folder: '/', image, service: 'api', progress: () => {} })
  await using bench = await createContainerBench(socket)
  const container = containerOf({ image, networkMode: 'none' })
  const spec = { ...serviceOf(['sh', '-c', 'cat /told; ls /run/secrets']), container }
  const output = await outputOf(bench, { ...spec, runtime: 'container' })
  assert.equal(output[0], 'read')
  assert.doesNotMatch(output.join('\n'), /hidden|^token$/m)
})

test('buildx is told everything of a build', () => {
  const build: BuildSpec = {
    ...{ context: '/c', dockerfile: 'D', target: 't', args: { A: 'b' }, noCache: true, pull: true },
    ...{ additionalContexts: { x: '/x' }, cacheFrom: ['f'], cacheTo: ['to'], extraHosts: ['h:1'] },
    ...{ network: 'host', secrets: { s: '/s' }, ssh: ['default'], shmSizeBytes: 5 },
    ulimits: { nofile: { soft: 1, hard: 2 } },
  }
  const run = { build, context: '/c', tags: ['i:1'], labels: { l: 'v' }, platforms: ['a', 'b'] }
  const options =
    '--tag i:1 --file /c/D --target t --build-arg A --label l=v --build-context x=/x ' +
    '--cache-from f --cache-to to --add-host h:1 --network host --platform a,b ' +
    '--secret id=s,src=/s --ssh default --shm-size 5 --ulimit nofile=1:2 --no-cache --pull'
  assert.deepEqual(buildxArguments(run).slice(5), [...options.split(' '), '/c'])
})

test('the digest of a context follows what would be sent, and nothing else', async () => {
  const context = await folderOf('digest', {
    Dockerfile: 'FROM x\n',
    '.dockerignore': 'ignored\n',
    'a/file': 'one',
    ignored: '',
  })
  const build: BuildSpec = { context: 'digest', args: {} }
  const now = async (): Promise<string> => (await contextDigest(build, dir)).digest
  const first = await contextDigest(build, dir)
  assert.deepEqual(Object.keys(first.entries ?? {}), ['.dockerignore', 'Dockerfile', 'a', 'a/file'])
  await writeFile(join(context, 'ignored'), 'changed')
  assert.equal(await now(), first.digest)
  const seen = new Set([first.digest])
  const changes: (() => Promise<unknown>)[] = [
    () => writeFile(join(context, 'a/file'), 'two'),
    () => chmod(join(context, 'a/file'), 0o755),
    () => mkdir(join(context, 'empty')),
    () => symlink('a/file', join(context, 'link')),
    () => rm(join(context, 'a/file')),
  ]
  for (const change of changes) {
    await change()
    const digest = await now()
    assert(!seen.has(digest))
    seen.add(digest)
  }
  await assert.rejects(
    contextDigest({ context: 'none', args: {} }, dir),
    (error: unknown) => error instanceof AppError && /\/none cannot be used/.test(error.message),
  )
})

test('a build that nobody needs any more ends, with what it runs', { skip }, async () => {
  const seconds = uniqueSeconds()
  const dockerfileInline = `FROM ${testImage}\nRUN sleep ${seconds}\n`
  const context = await folderOf('given-up', {})
  await mkdir(context, { recursive: true })
  const build = { context, args: {}, dockerfileInline, network: 'none' }
  const stop = new AbortController()
  const image = 'keelson-test/given-up:1'
  const done = assert.rejects(
    buildImage(
      { ...deps, signal: stop.signal },
      { build, folder: '/', image, service: 'api', progress: () => {} },
    ),
    AppError,
  )
  const sleeps = () => processesWith(`sleep\0${seconds}`)
  await until(async () => (await sleeps()).length > 0)
  stop.abort()
  await done
  await until(async () => (await sleeps()).length === 0)
})
