import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { CommandError } from './failure.ts'
import { createOutput } from './output.ts'
import { loadStack } from './project.ts'

const compose = 'services: { web: { command: node web.mjs, x-keelson: { runtime: process } } }'
const withKey = `
_format_version: "3.0"
consumers:
- username: bob
  keyauth_credentials: [{ key: "{vault://env/bob-key}" }]
`
const withPlugin = `
_format_version: "3.0"
plugins:
- { name: greet, config: { name: ada } }
`
const greet = `
import { definePlugin, Type } from '@keelson/server/gateway-plugin'
export default definePlugin({
  name: 'greet', priority: 1, summary: 'Greets.', create: () => ({}),
  schema: Type.Object({ name: Type.String() }),
})
`

/** A folder with these files, and the stack that is read there. */
const openFolder = async (files: Record<string, string>) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-kong-file-'))
  for (const [name, text] of Object.entries({ 'compose.yaml': compose, ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const output = createOutput({ env: {}, color: false, quiet: true })
  const shared = { files: [], envFiles: [], profiles: [], json: false, quiet: true }
  return {
    folder,
    load: (env: Record<string, string> = {}) =>
      loadStack({
        ...{ cwd: folder, env, output, dataFolder: join(folder, 'data') },
        shared: { ...shared, projectName: undefined, projectFolder: undefined },
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

test('a vault reads the .env beside the compose file, and the shell before it', async () => {
  await using stack = await openFolder({ 'kong.yml': withKey, '.env': 'BOB_KEY=of-the-file\n' })
  const { spec } = await stack.load()
  assert.deepEqual(spec.gateway?.environment, { BOB_KEY: 'of-the-file' })
  // Read again, the file may say something else: it is not kept as if the shell had said so.
  assert.equal(spec.reading?.variables['BOB_KEY'], undefined)
  const { spec: told } = await stack.load({ BOB_KEY: 'of-the-shell' })
  assert.deepEqual(told.gateway?.environment, { BOB_KEY: 'of-the-shell' })
  assert.equal(told.reading?.variables['BOB_KEY'], 'of-the-shell')
})

test('a variable that is nowhere is told with its place', async () => {
  await using stack = await openFolder({ 'kong.yml': withKey })
  await assert.rejects(stack.load(), (error: CommandError) => {
    assert.match(error.faults[0]?.message ?? '', /BOB_KEY is not set/)
    assert.equal(error.faults[0]?.place?.line, 5)
    return true
  })
})

test('plugins of one’s own are known by the folder of the variable, or of the platform', async () => {
  await using stack = await openFolder({ 'kong.yml': withPlugin, 'plugins/greet/index.ts': greet })
  await assert.rejects(stack.load(), CommandError)
  const folder = join(stack.folder, 'plugins')
  const { spec } = await stack.load({ KEELSON_GATEWAY_PLUGINS: 'plugins' })
  assert.equal(spec.reading?.variables['KEELSON_GATEWAY_PLUGINS'], folder)
  await mkdir(join(stack.folder, 'data'))
  const facts = { pid: 1, url: 'http://127.0.0.1:1', gatewayUrl: '', gatewayPlugins: folder }
  await writeFile(join(stack.folder, 'data/platform.json'), JSON.stringify(facts))
  assert.equal((await stack.load()).spec.gateway?.text, withPlugin)
})
