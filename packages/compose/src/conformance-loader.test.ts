import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { conformanceDir, missingConformance, readCases } from './conformance.ts'
import { canonicalModel, ComposeError, loadProject } from './index.ts'
import type { LoadOptions } from './index.ts'

const scratch = mkdtempSync(join(tmpdir(), 'keelson-compose-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

type LoaderCase = {
  test: string
  dir: 'loader' | 'cli' | 'empty' | 'tree'
  tree?: Record<string, string>
  files: { name: string; content: string }[]
  env?: Record<string, string>
  workdir?: string
  options?: {
    skipNormalization?: boolean
    skipConsistencyCheck?: boolean
    keepPaths?: boolean
    profiles?: string[]
    services?: string[]
    projectName?: string
    projectNameImperative?: boolean
    discardEnvFiles?: boolean
    pruneUnnecessaryResources?: boolean
    customResourceLoaders?: boolean
    customExtensionTypes?: boolean
  }
  expected?: Record<string, unknown>
  error?: string
}

test('loads like compose-go', { skip: missingConformance('compose/loader.json') }, async (t) => {
  for (const [index, entry] of readCases<LoaderCase>('compose/loader.json').entries()) {
    const skip = findReasonOutside(entry, index)
    await t.test(`loader.json[${index}] ${entry.test}`, { skip: skip ?? false }, async () => {
      const dir = folderOf(entry, `${index}`)
      const loading = loadProject(optionsOf(entry, `${index}`, dir))
      if (entry.error !== undefined) {
        await assert.rejects(loading, ComposeError, `should be refused: ${entry.error}`)
        return
      }
      const model = canonicalModel(await loading)
      const raw = JSON.stringify(entry.expected)
      const isAbsolute = raw.includes('${DIR}') || entry.options?.keepPaths === true
      const actual = JSON.stringify(withoutExtensions(model))
      const wanted: unknown = JSON.parse(raw.replaceAll('${DIR}', dir))
      assert.deepEqual(isAbsolute ? JSON.parse(actual) : relativeTo(dir, actual), wanted)
    })
  }
})

/** The whole list of differences that are meant to be, with their reasons; seen on 2026-11-21. */
const deliberate: Readonly<Record<number, string>> = {
  22: 'with a relative project folder, upstream puts it before an included path twice',
  120: 'upstream turns a network named x-network into an extension of the mapping of networks',
  165: 'two services with one host port are refused here: they cannot run together',
}

/** The table was printed without the extensions of the top level, which `config` does print. */
function withoutExtensions(model: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(model).filter(([key]) => !key.startsWith('x-')))
}

/** Upstream's tests often have no project folder, so that absolute paths are relative ones. */
function relativeTo(dir: string, json: string): unknown {
  return JSON.parse(json.replaceAll(`"${dir}/`, '"').replaceAll(`"${dir}"`, '"."'))
}

function findReasonOutside({ options = {}, error, workdir }: LoaderCase, index: number) {
  if (options.customResourceLoaders === true) return 'needs a resource loader written in Go'
  if (options.customExtensionTypes === true) return 'needs an extension type written in Go'
  if (error === 'project name must not be empty' && workdir !== '/') {
    return 'the Go API does not name a project after its folder'
  }
  return deliberate[index]
}

function folderOf(entry: LoaderCase, id: string): string {
  if (entry.dir === 'loader' || entry.dir === 'cli') return `${conformanceDir}/compose/${entry.dir}`
  const folder = join(scratch, id)
  mkdirSync(folder, { recursive: true })
  for (const [path, content] of Object.entries(entry.tree ?? {})) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

function optionsOf({ options = {}, ...entry }: LoaderCase, id: string, dir: string): LoadOptions {
  const workingDir = resolve(dir, entry.workdir?.replaceAll('${DIR}', dir) ?? '.')
  const inputs = join(scratch, `input-${id}`)
  mkdirSync(inputs, { recursive: true })
  const files = entry.files.map(({ content }, index) => {
    const path = join(inputs, `${index}.yaml`)
    writeFileSync(path, content.replaceAll('${DIR}', dir))
    return path
  })
  return {
    cwd: workingDir,
    workingDir,
    files,
    env: { ...entry.env },
    envFiles: [],
    consistency: options.skipConsistencyCheck === true ? 'warning' : 'error',
    normalize: options.skipNormalization !== true,
    resolvePaths: options.keepPaths !== true,
    discardEnvFiles: options.discardEnvFiles === true,
    withoutUnused: options.pruneUnnecessaryResources === true,
    ...(options.profiles === undefined ? {} : { profiles: options.profiles }),
    ...(options.services === undefined ? {} : { services: options.services }),
    ...(options.projectName === undefined ? {} : { projectName: options.projectName }),
  }
}
