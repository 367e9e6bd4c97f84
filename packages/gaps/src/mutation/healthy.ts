import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument, type Document } from 'yaml'
import { audit, type AuditOptions } from '../audit.ts'
import type { Finding } from '../rules/rule.ts'
import type { System } from '../systems/system.ts'
import { createRepository, manyFilesFolder } from '../testing/repository.ts'

/** A stack without findings, in a folder of its own that mutants are written to and taken from. */
export type Healthy = {
  name: string
  root: string
  files: ReadonlyMap<string, string>
  system: System
  /** The text of a file that is there. */
  text: (file: string) => string
  write: (file: string, text: string) => Promise<void>
  /** So that a change costs what it changes. */
  readBefore: NonNullable<AuditOptions['readBefore']>
  /** What is found in it as it is, by fingerprint. */
  known: ReadonlySet<string>
  [Symbol.asyncDispose]: () => Promise<void>
}

/** Files as a change leaves them; null: taken away. */
export type Changes = ReadonlyMap<string, string | null>

/** An overlay that only serves another way to start would be found broken with its base. */
const isLeftOut = (file: string): boolean => file.endsWith('compose.processes.yaml')

/** Reads a stack into a folder that can be broken, beside what it shares with others. */
export const openHealthy = async (folder: string, name: string): Promise<Healthy> => {
  const files = new Map<string, string>()
  for (const part of [name, 'shared']) {
    const entries = await readdir(join(folder, part), { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      const file = path.slice(folder.length + 1)
      if (entry.isFile() && !isLeftOut(file)) files.set(file, await readFile(path, 'utf8'))
    }
  }
  const repository = await createRepository(Object.fromEntries(files), manyFilesFolder)
  const readBefore: Healthy['readBefore'] = new Map()
  const found = await audit({ root: repository.root, readBefore })
  const system = found.systems.find(({ isDefault }) => isDefault)
  if (system === undefined) throw new Error(`${folder} has no stack that can be loaded`)
  return {
    ...{ name, root: repository.root, files, system, readBefore },
    text: (file) => files.get(file) ?? '',
    write: repository.write,
    known: new Set(found.findings.map(({ fingerprint }) => fingerprint)),
    [Symbol.asyncDispose]: repository[Symbol.asyncDispose],
  }
}

/** The compose file a service stands in, with something changed; undefined: nothing was. */
export const changeYaml = (
  { files }: Healthy,
  file: string,
  change: (document: Document) => boolean | void,
): Changes | undefined => {
  const text = files.get(file)
  if (text === undefined) return undefined
  const document = parseDocument(text, { keepSourceTokens: false })
  if (change(document) === false) return undefined
  try {
    const changed = document.toString({ lineWidth: 0, flowCollectionPadding: false })
    return changed === text ? undefined : new Map([[file, changed]])
  } catch (error) {
    // What was taken away held an anchor that others stand on: the change would be another one.
    if (error instanceof Error && error.message.startsWith('Unresolved alias')) return undefined
    throw error
  }
}

/** One line of a file rewritten; undefined when that changes nothing. */
export const changeLine = (
  { files }: Healthy,
  { file, line }: { file: string; line: number },
  rewrite: (text: string) => string | null,
): Changes | undefined => {
  const text = files.get(file)
  if (text === undefined || line < 1) return undefined
  const lines = text.split('\n')
  const before = lines[line - 1] ?? ''
  const after = rewrite(before)
  if (after === before) return undefined
  lines.splice(line - 1, 1, ...(after === null ? [] : [after]))
  return new Map([[file, lines.join('\n')]])
}

/** The whole text of a file rewritten. */
export const changeText = (
  { files }: Healthy,
  file: string,
  rewrite: (text: string) => string | null,
): Changes | undefined => {
  const text = files.get(file)
  if (text === undefined) return undefined
  const after = rewrite(text)
  return after === text ? undefined : new Map([[file, after]])
}

export type { Finding }
