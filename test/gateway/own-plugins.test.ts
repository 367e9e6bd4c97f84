import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test, { after, before } from 'node:test'
import type { GatewayPluginKind } from '@keelson/contract'
import { createKeelson, waitFor, type Keelson } from '../harness.ts'

// Plugins of one's own on a whole platform: KEELSON_GATEWAY_PLUGINS.

const compose = `
name: tea
services:
  pot:
    command: ["node", "pot.mjs"]
    x-keelson: { runtime: process, port: auto, probe: { http: /, interval: 1s }, route: /plain }
`
const pot = `
import { createServer } from 'node:http'
createServer((request, response) => response.end('tea')).listen(Number(process.env.PORT), '127.0.0.1')
`
const kong = (plugin: string): string => `
_format_version: "3.0"
services:
  - name: pot
    host: pot
    routes:
      - { name: greeted, paths: [/greeted], plugins: [{ name: ${plugin} }] }
      - { name: lenient, paths: [/lenient], plugins: [{ name: ${plugin}, config: { on_failure: continue } }] }
`
const greet = `
import { definePlugin, Type } from '@keelson/server/gateway-plugin'

export default definePlugin({
  name: 'greet',
  priority: 850,
  summary: 'Says which process greets.',
  schema: Type.Object({}),
  create: () => ({
    access: ({ answerHeaders }) => answerHeaders.set('X-Greeted-By', String(process.pid)),
  }),
})
`

let keelson: Keelson
let folder = ''

const write = async (name: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
  await writeFile(path.join(folder, name), text)
}

before(async () => {
  // Relative: it is the folder where the platform was started that counts.
  keelson = await createKeelson({ env: { KEELSON_GATEWAY_PLUGINS: 'plugins' } })
  folder = path.join(keelson.dataDir, 'stack')
  await write('compose.yaml', compose)
  await write('pot.mjs', pot)
  await write('kong.yml', kong('greet'))
  await write('plugins/greet/index.ts', greet)
  await write('plugins/broken/index.ts', "throw new Error('no water')")
  await keelson.run(['up', '--wait', '-q'], { cwd: folder })
})
after(() => keelson.stop())

const ask = async (at: string) => {
  const answer = await fetch(`${keelson.gateway}${at}`)
  await answer.text()
  return { status: answer.status, by: Number(answer.headers.get('x-greeted-by')) }
}

test('a plugin of the folder runs, and heals when its process is killed', async () => {
  const first = await waitFor('the plugin greets', async () => {
    const answer = await ask('/greeted')
    return answer.status === 200 ? answer : undefined
  })
  process.kill(first.by, 'SIGKILL')
  const next = await waitFor('another process greets', async () => {
    const answer = await ask('/greeted')
    return answer.status === 200 && answer.by !== first.by ? answer : undefined
  })
  assert.ok(next.by > 0)
  assert.equal((await ask('/plain')).status, 200)
})

test('one that cannot be loaded is listed with the reason, and refused in a file', async () => {
  const kinds: GatewayPluginKind[] = await keelson.call('listGatewayPlugins', {})
  const own = kinds.filter((kind) => kind.folder !== null)
  assert.deepEqual(own.map(({ name }) => name).toSorted(), ['broken', 'greet'])
  assert.match(own.find(({ name }) => name === 'broken')?.problem ?? '', /no water/)
  await write('kong.yml', kong('broken'))
  // The command looks where the platform does, also without the variable.
  const env = { KEELSON_GATEWAY_PLUGINS: '' }
  const { code, stderr } = await keelson.cli(['plan'], { cwd: folder, env })
  assert.equal(code, 2)
  assert.match(stderr, /kong\.yml:7:\d+: .*The plugin broken does not run: .*no water/)
  await write('kong.yml', kong('greet'))
})

test('a gateway that cannot load it any more closes its routes, and no others', async () => {
  await write('plugins/greet/index.ts', 'const = ')
  const { instances } = await keelson.call('getService', { params: { name: 'keelson/gateway' } })
  const pid = instances[0]?.pid
  assert.ok(typeof pid === 'number')
  process.kill(pid, 'SIGKILL')
  const status = (at: string) =>
    ask(at).then(
      (answer) => answer.status,
      () => null,
    )
  await waitFor('its route is closed', async () => (await status('/greeted')) === 500)
  assert.equal(await status('/lenient'), 200)
  assert.equal(await status('/plain'), 200)
})
