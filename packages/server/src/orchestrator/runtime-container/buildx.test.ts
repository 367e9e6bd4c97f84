import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { buildxEnvironment, createLines, runBuildx, type BuildxLimits } from './buildx.ts'
import { createEngine } from './engine.ts'

const engine = createEngine('unix:///nowhere.sock')
const dir = await mkdtemp(join(tmpdir(), 'keelson-buildx-'))
const path = process.env['PATH']
process.env['PATH'] = `${dir}:${path}`
after(async () => {
  process.env['PATH'] = path
  await rm(dir, { recursive: true, force: true })
})

/** Runs a build with a command that does what the script says, in the place of Docker's own. */
const run = async (
  script: string,
  { args = {}, onLine = () => undefined, ...limits }: RunOptions = {},
): Promise<string[]> => {
  await writeFile(join(dir, 'docker'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const lines: string[] = []
  const build = { context: '/', args }
  const what = { build, context: '/', tags: [], labels: {}, platforms: [] }
  const report = (line: string): void => {
    lines.push(line)
    onLine()
  }
  await runBuildx({ engine, clock: systemClock }, what, report, { stallMs: 60_000, ...limits })
  return lines
}

type RunOptions = Partial<BuildxLimits> & { args?: Record<string, string>; onLine?: () => void }

test('values of build arguments are in the environment and not in the command line', async () => {
  const args = { TOKEN: 's3cret', HTTP_PROXY: 'http://me:pass@proxy' }
  const lines = await run('echo "$@" >&2; echo "$TOKEN $HTTP_PROXY $DOCKER_HOST" >&2', { args })
  assert.match(lines[0] ?? '', /--build-arg TOKEN --build-arg HTTP_PROXY/)
  assert.doesNotMatch(lines[0] ?? '', /s3cret|pass/)
  assert.equal(lines[1], 's3cret http://me:pass@proxy unix:///nowhere.sock')
})

for (const name of ['PATH', 'HOME', 'DOCKER_HOST', 'docker_host', 'BUILDX_CONFIG', 'LD_PRELOAD']) {
  test(`the build argument ${name} is refused: the command goes by it itself`, () => {
    const build = { context: '/', args: { [name]: 'x' } }
    assert.throws(
      () => buildxEnvironment(engine, build),
      (error: unknown) => error instanceof AppError && error.message.includes(` ${name} cannot`),
    )
  })
}

for (const name of ['BUILDKIT_INLINE_CACHE', 'NODE_ENV', 'PATHS', 'GOPROXY', 'HTTPS_PROXY']) {
  test(`the build argument ${name} is taken`, () => {
    const build = { context: '/', args: { [name]: 'x' } }
    assert.equal(buildxEnvironment(engine, build)[name], 'x')
  })
}

test('a build that says nothing any more, and one given up, are ended', async () => {
  await assert.rejects(run('sleep 1000', { stallMs: 50 }), /it said nothing for 0.05 s/)
  const stop = new AbortController()
  const onLine = () => stop.abort()
  const script = 'echo begun >&2; sleep 1000'
  await assert.rejects(run(script, { signal: stop.signal, onLine }), /it was given up/)
  await assert.rejects(run('exit 3'), /docker buildx ended with 3/)
})

test('a line without an end is cut', () => {
  const lines: string[] = []
  const output = createLines((line) => lines.push(line))
  for (let at = 0; at < 100; at += 1) output.take(Buffer.alloc(1024, 'x'))
  output.take(Buffer.from('\nshort\r\n\nlast \u00e9'))
  output.end()
  assert.deepEqual(
    lines.map(({ length }) => length),
    [16 * 1024, 5, 6],
  )
})
