import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadProject } from './index.ts'
import { places, refusals, service, write } from './testing.ts'

test('an env file that is no regular file is refused, and never waited for', async () => {
  const cwd = write({ 'compose.yaml': service('env_file: pipe') })
  execFileSync('mkfifo', [join(cwd, 'pipe')])
  await assert.rejects(loadProject({ cwd, env: {} }), /pipe is not a regular file/)
  const devices = ['/dev/zero', '/dev/tty', '/dev/null'].filter((path) => existsSync(path))
  for (const path of devices) {
    const error = await refusals(service(`env_file: ${path}`))
    assert.deepEqual(places(error), ['1:1 not_a_file'], path)
  }
})

test(
  'a file of /proc that waits for a writer is refused',
  { skip: existsSync('/proc/kmsg') ? false : 'SKIPPED: there is no /proc/kmsg' },
  async () => {
    const error = await refusals(service('env_file: /proc/kmsg'))
    assert.match(error.message, /^\/proc\/kmsg:1:1: /)
  },
)

test('links that lead to themselves are refused', async () => {
  const cwd = write({ 'compose.yaml': service('env_file: loop') })
  symlinkSync('loop', join(cwd, 'loop'))
  await assert.rejects(loadProject({ cwd, env: {} }), /loop:1:1: cannot be read: ELOOP/)
  const watch = service('develop: {watch: [{path: ./loop/x, action: rebuild}]}')
  const other = write({ 'compose.yaml': watch })
  symlinkSync('loop', join(other, 'loop'))
  await assert.rejects(loadProject({ cwd: other, env: {} }), /a link that leads nowhere/)
})

test('a watched path behind a link is the real one', async () => {
  const cwd = write({
    'compose.yaml': service('develop: {watch: [{path: ./link/src, action: rebuild}]}'),
    'real/src/x': '',
  })
  symlinkSync(join(cwd, 'real'), join(cwd, 'link'))
  const project = await loadProject({ cwd, env: {} })
  assert.equal(project.services['a']?.watch[0]?.path, join(cwd, 'real/src'))
})

const bounded: { name: string; yaml: string; code: string; limits?: Record<string, number> }[] = [
  { name: 'deep nesting', yaml: `x-a: ${'['.repeat(200)}${']'.repeat(200)}\n`, code: 'too_deep' },
  { name: 'very deep nesting', yaml: `x-a: ${'{a: '.repeat(20_000)}`, code: 'too_deep' },
  {
    name: 'many values',
    yaml: `x-a: [${'1, '.repeat(2000)}1]\nservices: {}\n`,
    code: 'too_many_values',
    limits: { nodeCountMax: 1000 },
  },
  {
    name: 'a long value',
    yaml: service('user: "${A:-${B:-xxxxxxxxxxxxxxxxxxxxxxxxxx}}"'),
    code: 'bad_interpolation',
    limits: { valueLengthMax: 10 },
  },
]

for (const { name, yaml, code, limits } of bounded) {
  test(`${name}: refused with its place`, async () => {
    const error = await refusals(yaml, limits === undefined ? {} : { limits })
    assert.ok(
      error.diagnostics.some((diagnostic) => diagnostic.code === code),
      error.message.slice(0, 500),
    )
    assert.ok(error.diagnostics.every(({ line, column }) => line >= 1 && column >= 1))
  })
}

test('a chain of extends is bounded', async () => {
  const services = Array.from({ length: 150 }, (_, n) => `  s${n}: {extends: s${n + 1}}\n`)
  const error = await refusals(`services:\n${services.join('')}  s150: {image: x}\n`)
  assert.match(error.message, /more than 100 services extend each other/)
})
