import type { Finding } from '../rules/rule.ts'
import type { Tree } from '../tree/tree.ts'
import { applyEdit } from './apply-edit.ts'
import { EditRefused, type Edit } from './edit.ts'
import { readSource, type SourceFile } from './source-file.ts'

/** What mends one finding. */
export type Unit = {
  finding: Finding
  edits: readonly Edit[]
  /** It mends what another unit brings to light. */
  isFollowUp: boolean
}

/** The texts that result from a list of units. */
export type Draft = {
  /** Those that change, by path in the repository. */
  texts: ReadonlyMap<string, string>
  made: readonly Unit[]
  /** Units that change a file, by its path. */
  byFile: ReadonlyMap<string, readonly Unit[]>
  refused: ReadonlyMap<Unit, string>
}

export type Sources = (file: string) => Promise<SourceFile>

/** Each file is read once, and has to be what the audit has seen. Throws EditRefused. */
export const createSources = (root: string, tree: Tree): Sources => {
  const known = new Map<string, Promise<SourceFile>>()
  const read = async (file: string) => {
    const source = await readSource(root, file)
    const seen = await tree.read(file)
    if (seen !== source.text) throw new EditRefused(`${file} has changed since it was read`)
    return source
  }
  return (file) => {
    const reading = known.get(file) ?? read(file)
    known.set(file, reading)
    return reading
  }
}

/**
 * One unit after the other: it is made as a whole or not at all. Places are those of the files, or of
 * what `from` has made of them already.
 */
export const makeDraft = async (
  units: readonly Unit[],
  sources: Sources,
  { from = nothing, isLate = () => false }: { from?: Draft; isLate?: () => boolean } = {},
): Promise<Draft> => {
  const texts = new Map(from.texts)
  const byFile = new Map(from.byFile)
  const refused = new Map(from.refused)
  const made = [...from.made]
  for (const unit of units.toSorted(byPlace)) {
    try {
      if (isLate()) throw new EditRefused('no time was left for it: name fewer rules')
      const own = await applyUnit(unit, texts, sources)
      made.push(unit)
      for (const [file, text] of own) {
        texts.set(file, text)
        byFile.set(file, [...(byFile.get(file) ?? []), unit])
      }
    } catch (error) {
      // A file that is nested too deeply fills the stack.
      const isDeep = error instanceof RangeError
      if (!isDeep && !(error instanceof EditRefused)) throw error
      refused.set(unit, isDeep ? 'the file is nested too deeply' : error.message)
    }
  }
  return { texts, made, byFile, refused }
}

const nothing: Draft = { texts: new Map(), made: [], byFile: new Map(), refused: new Map() }

/** Texts of the files it has a part in, also of those that an earlier unit has changed the same way. */
const applyUnit = async (
  { edits }: Unit,
  texts: ReadonlyMap<string, string>,
  sources: Sources,
): Promise<ReadonlyMap<string, string>> => {
  const own = new Map<string, string>()
  for (const edit of edits.toSorted((a, b) => placeOf(b) - placeOf(a))) {
    const { text } = await sources(edit.file)
    const before = own.get(edit.file) ?? texts.get(edit.file) ?? text
    own.set(edit.file, applyEdit(before, edit))
  }
  return own
}

/** From the end of a file to its beginning, as places move; then what goes by keys. */
const byPlace = (a: Unit, b: Unit): number =>
  Math.max(0, ...b.edits.map(placeOf)) - Math.max(0, ...a.edits.map(placeOf))

const columnsMax = 100_000

const placeOf = (edit: Edit): number =>
  'line' in edit ? edit.line * columnsMax + ('column' in edit ? edit.column : 0) : 0
