import assert from 'node:assert/strict'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadProject } from '@keelson/compose'
import { StackSpec, type ServiceSpec } from '@keelson/contract'
import { Value } from 'typebox/value'
import { CommandError } from '../../failure.ts'
import { stackSpecOf, type Conversion } from '../stack-spec.ts'

export type Converted = Conversion & { folder: string }

/** Loads one compose file with what lies beside it, and makes the platform's form of it. */
export const convert = async (
  text: string,
  files: Record<string, string> = {},
): Promise<Converted> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'keelson-spec-')))
  try {
    const all = { 'compose.yaml': text, ...files }
    for (const [name, content] of Object.entries(all)) await writeFile(join(folder, name), content)
    const project = await loadProject({ cwd: folder, env: { FROM_SHELL: 'shell' } })
    const { spec, warnings } = stackSpecOf(project, [])
    assert.deepEqual([...Value.Errors(StackSpec, spec)], [], 'the platform takes it')
    return { spec, warnings, folder }
  } finally {
    await rm(folder, { recursive: true })
  }
}

export const fileOf = (lines: string, more = ''): string =>
  `name: t\nservices:\n  web:\n${lines.replaceAll(/^/gm, '    ')}\n${more}`

/** The one service of a file whose service `web` has these lines. */
export const convertService = async (lines: string, more = ''): Promise<ServiceSpec> => {
  const { spec } = await convert(fileOf(lines, more))
  const service = spec.services.find(({ name }) => name === 'web')
  assert.ok(service)
  return service
}

/** The faults of a file that is refused. */
export const refusalOf = async (
  text: string,
  files: Record<string, string> = {},
): Promise<CommandError> => {
  try {
    await convert(text, files)
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error))
    assert.equal(error.exitCode, 2)
    return error
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}

export const container = 'image: nginx'
