import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { ComposeError, loadProject, originsOf } from './index.ts'
import type { LoadOptions, Project } from './index.ts'

/* What the tests of this package share: stacks in folders of their own. */

const root = mkdtempSync(join(tmpdir(), 'keelson-compose-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0

export type Files = Record<string, string>

export function write(files: Files): string {
  const dir = join(root, `stack-${folders++}`)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

export async function load(
  files: Files | string,
  options: Partial<LoadOptions> = {},
): Promise<Project> {
  const cwd = write(typeof files === 'string' ? { 'compose.yaml': files } : files)
  return loadProject({ cwd, env: {}, ...options })
}

/** What is refused, as `line:column code`. */
export async function refusals(
  files: Files | string,
  options: Partial<LoadOptions> = {},
): Promise<ComposeError> {
  const error = await load(files, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ComposeError, `not refused: ${String(error)}`)
  return error
}

export function places(error: ComposeError): string[] {
  return error.diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`)
}

/** The chain of origin at a path, as `file:line:column note`. */
export function chainOf(project: Project, path: string): string[] {
  return originsOf(project, path).map(
    ({ file, line, column, note }) =>
      `${file.split('/').at(-1)}:${line}:${column}${note === undefined ? '' : ` ${note}`}`,
  )
}

/** One service `a` with an image and this body. */
export const service = (body: string) => `services:\n  a:\n    image: x\n    ${body}\n`
