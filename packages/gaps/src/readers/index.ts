import { createHash } from 'node:crypto'
import type { Tree } from '../tree/tree.ts'
import { createCodeReaders } from './code.ts'
import { manifestReader } from './manifests.ts'
import { operationsReaders } from './operations.ts'
import type { FileFacts, Reader } from './reader.ts'

/** Every reader; a file is read by each that wants it. */
const createReaders = (): readonly Reader[] => [
  ...operationsReaders,
  manifestReader,
  ...createCodeReaders(),
]

/** What an audit before found in files, by path: a file that is the same is not parsed again. */
export type ReadBefore = Map<string, { digest: string; facts: FileFacts }>

/** The facts of every file of the repository, by path; each file is read once. */
export const readFiles = async (
  tree: Tree,
  isLate: () => boolean,
  before?: ReadBefore,
): Promise<ReadonlyMap<string, FileFacts>> => {
  const readers = createReaders()
  const facts = new Map<string, FileFacts>()
  for (const file of tree.files) {
    const wanting = readers.filter(({ wants }) => wants(file))
    if (wanting.length === 0) continue
    if (isLate()) {
      tree.notes.push({ file, why: 'not read in time, nor any file that sorts after it' })
      break
    }
    const text = await tree.read(file)
    if (text === undefined) continue
    const digest = before && createHash('sha256').update(text).digest('base64')
    const known = before?.get(file)
    const found =
      known !== undefined && known.digest === digest
        ? known.facts
        : await readByAll(wanting, file, text)
    if (before !== undefined && digest !== undefined) before.set(file, { digest, facts: found })
    if (Object.keys(found).length === 0) continue
    facts.set(file, found)
    tree.notes.push(...(found.notes ?? []))
  }
  return facts
}

const readByAll = async (
  readers: readonly Reader[],
  file: string,
  text: string,
): Promise<FileFacts> => {
  const notes: NonNullable<FileFacts['notes']>[number][] = []
  let all: FileFacts = {}
  for (const reader of readers) {
    const found = await readWith(reader, file, text)
    notes.push(...(found?.notes ?? []))
    all = { ...all, ...found }
  }
  return notes.length === 0 ? all : { ...all, notes }
}

/** One file that a reader stumbles over must not hide what all others say; it is told. */
const readWith = async (
  { name, read }: Reader,
  file: string,
  text: string,
): Promise<FileFacts | undefined> => {
  try {
    return await read(file, text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { notes: [{ file, why: `the reader of ${name} failed: ${reason.slice(0, 200)}` }] }
  }
}
