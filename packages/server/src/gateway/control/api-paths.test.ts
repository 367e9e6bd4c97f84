import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkPluginConfig } from '../config/plugin-config.ts'
import { plugins } from '../plugins/index.ts'
import { createApiPaths } from './api-paths.ts'
import { createReadFile } from './reading.ts'

const document = 'openapi: 3.1.0\npaths: { /: { get: { responses: { 200: {} } } } }\n'

describe('a document of the API names paths below folders that are meant for it', () => {
  let top = ''
  before(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'keelson-api-paths-')))
    for (const folder of ['data/logs', 'data/files/site', 'data/logs-not', 'mnt', 'secret']) {
      await mkdir(join(top, folder), { recursive: true })
    }
    for (const place of ['data', 'data/files', 'secret']) {
      await writeFile(join(top, place, 'api.yml'), document)
    }
    await symlink(join(top, 'secret'), join(top, 'data/logs/out'))
    await symlink(join(top, 'secret'), join(top, 'data/files/out'))
    await symlink(join(top, 'nowhere yet'), join(top, 'data/logs/dangling'))
    await symlink(join(top, 'mnt'), join(top, 'mnt-by-link'))
  })
  after(() => rm(top, { recursive: true }))

  const guarded = () =>
    createApiPaths({
      logs: [join(top, 'data/logs'), join(top, 'mnt-by-link')],
      files: [join(top, 'data/files')],
    }).guard(plugins)
  const faultsOf = (name: string, config: object): string[] => {
    const definition = guarded().get(name)
    assert.ok(definition)
    return checkPluginConfig(definition, config).faults.map(
      ({ path, message }) => `${path.join('.')}: ${message.replaceAll(top, '')}`,
    )
  }
  const inTop = (path: string): string => (path.startsWith('/dev/') ? path : join(top, '/') + path)

  const paths: [name: string, field: string, taken: string[], refused: string[]][] = [
    ['file-log', 'path', ['/dev/stdout', '/dev/stderr', 'data/logs/a.log', 'mnt/a.log'], []],
    ['file-log', 'path', ['data/logs/new/a.log'], ['data/token', 'data/logs-not/a.log']],
    ['file-log', 'path', [], ['data/logs/../token', 'data/logs/new/../../token']],
    ['file-log', 'path', [], ['data/logs/out/a.log', 'data/logs/dangling', '/dev/shm/a.log']],
    ['file-log', 'path', [], ['data/logs/dangling/a.log', 'data/files/a.log']],
    ['static-files', 'root', ['data/files', 'data/files/site'], ['data', 'data/files/out', '']],
    ['http-cache', 'disk_folder', ['data/files/cache'], ['data/cache', 'data/logs/cache']],
    ['request-validation', 'openapi_file', ['data/files/api.yml'], ['secret/api.yml']],
    ['mock', 'openapi_file', ['data/files/api.yml'], ['data/files/out/api.yml', 'data/api.yml']],
  ]
  for (const [name, field, taken, refused] of paths) {
    for (const path of taken) {
      test(`${name} may name ${path}`, () =>
        assert.deepEqual(faultsOf(name, { [field]: inTop(path) }), []))
    }
    for (const path of refused) {
      test(`${name} may not name ${path}`, () => {
        const [fault, ...others] = faultsOf(name, { [field]: inTop(path) })
        assert.match(
          fault ?? 'none',
          new RegExp(`^${field}: ${field} is .* by the API it may .*lie in /`),
        )
        assert.deepEqual(others, [])
      })
    }
  }

  test('not what depends on where a program was started', () => {
    for (const [name, field] of [
      ['http-cache', 'disk_folder'],
      ['mock', 'openapi_file'],
    ] as const) {
      assert.match(faultsOf(name, { [field]: 'data/files/api.yml' })[0] ?? '', /by the API/)
    }
  })

  test('the sentence names the folders, and how to have more', () => {
    assert.deepEqual(faultsOf('file-log', { path: join(top, 'data/token') }), [
      'path: path is /data/token: by the API it may be /dev/stdout, /dev/stderr or lie in ' +
        '/data/logs or /mnt-by-link; KEELSON_GATEWAY_LOG_FOLDERS allows more folders, and the Kong ' +
        'file of a stack any path.',
    ])
  })

  test('files of stacks may name any path', () => {
    const text = `
_format_version: "3.0"
plugins: [{ name: file-log, config: { path: ${join(top, 'data/token')} } }]
`
    const given = { file: 'kong.yml', text, environment: {} }
    assert.deepEqual(createReadFile(plugins)(given).faults, [])
    assert.equal(createReadFile(guarded())(given).faults[0]?.line, 3)
  })
})

test('every path in the fields of our own plugins is held to it', () => {
  const paths = [...plugins.values()].flatMap(({ name, schema }) =>
    Object.keys(schema.properties)
      .filter((field) => /^path$|^root$|_?(?:file|folder|dir|directory)$/.test(field))
      .map((field) => `${name}.${field}`),
  )
  // Of rate limits it is the path of a request.
  assert.deepEqual(paths.toSorted(), [
    'file-log.path',
    'http-cache.disk_folder',
    'mock.openapi_file',
    'rate-limit.path',
    'rate-limiting.path',
    'request-validation.openapi_file',
    'static-files.root',
  ])
})
