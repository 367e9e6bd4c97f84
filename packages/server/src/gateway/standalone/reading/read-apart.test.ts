import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { readGatewayConfig } from '../../config/read.ts'
import { plugins as house, type PluginTable } from '../../plugins/index.ts'
import { unloadableDefinition } from '../../plugins/own/definition.ts'
import { readApart } from './read-apart.ts'

const file = 'kong.yml'

/** More entities than one piece holds, of several kinds. */
const text = JSON.stringify({
  _format_version: '3.0',
  services: Array.from({ length: 450 }, (_, at) => ({
    name: `s${at}`,
    host: `h${at}.test`,
    routes: [{ name: `r${at}`, paths: [`/r${at}`] }],
    plugins: [{ name: 'stamp', config: { words: ['a'] } }],
  })),
  consumers: [{ username: 'one', keyauth_credentials: [{ key: '{vault://env/key}' }] }],
})

const stamp = Type.Object(
  { words: Type.Array(Type.String()), limit: Type.Optional(Type.Integer()) },
  { additionalProperties: false },
)

/** With a plugin of somebody's own, as those of a folder are. */
const table: PluginTable = new Map([
  ...house,
  [
    'stamp',
    {
      ...{ name: 'stamp', priority: 1, summary: 'It stamps.', schema: stamp, create: () => ({}) },
      ...{ scopes: ['service'], protocols: ['http', 'https'] },
    },
  ],
  ['broken', unloadableDefinition('broken', 'it has no schema')],
])

const options = { environment: { KEY: 'opens-it' }, plugins: table }

test('read in a thread of its own, a file says the same', async () => {
  const source = { text, file }
  const read = await readApart(source, options)
  assert.equal(read.faults[0]?.message, undefined)
  assert.deepEqual(read, readGatewayConfig(source, options))
})

test('so do its mistakes', async () => {
  const source = {
    file,
    text: `_format_version: "3.0"
services:
- { name: a, host: a, plugins: [{ name: stamp, config: { words: ['a'], limit: many } }] }
- { name: b, host: b, plugins: [{ name: broken }] }
`,
  }
  const read = await readApart(source, options)
  assert.deepEqual(read.faults, readGatewayConfig(source, options).faults)
  assert.deepEqual(
    read.faults.map(({ line }) => line),
    [3, 4],
  )
})

test('a file that needs too much memory is refused, and nothing else ends', async () => {
  await assert.rejects(
    readApart({ text: `[${'{},'.repeat(3_000_000)}{}]`, file }, options, 32),
    /^Error: kong\.yml cannot be read: it needs more than 32 MB of memory$/,
  )
})
