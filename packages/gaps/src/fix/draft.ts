import type { Finding } from '../rules/rule.ts'
import type { Tree } from '../tree/tree.ts'
import { applyEdit } from './apply-edit.ts'
import { EditRefused, type Edit } from './edit.ts'
import { depthOf, giverOf, type Bases } from './inherited.ts'
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
  /** The edits of these that were made; others were not needed any more. */
  written: readonly Edit[]
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

type DraftOptions = { from?: Draft; isLate?: () => boolean; bases: Bases }

/**
 * One unit after the other: it is made as a whole or not at all. Places are those of the files, or of
 * what `from` has made of them already. What a service gets by what it extends is not written again.
 */
export const makeDraft = async (
  units: readonly Unit[],
  sources: Sources,
  { from = nothing, isLate = () => false, bases }: DraftOptions,
): Promise<Draft> => {
  const texts = new Map(from.texts)
  const byFile = new Map(from.byFile)
  const refused = new Map(from.refused)
  const made = [...from.made]
  const written = [...from.written]
  for (const unit of units.toSorted(byPlace(bases))) {
    try {
      if (isLate()) throw new EditRefused('no time was left for it: name fewer rules')
      const own = await applyUnit(unit, { texts, written, bases }, sources)
      made.push(unit)
      written.push(...own.written)
      own.texts.forEach((text, file) => texts.set(file, text))
      for (const file of new Set([...own.texts.keys(), ...own.givers])) {
        byFile.set(file, [...(byFile.get(file) ?? []), unit])
      }
    } catch (error) {
      // A file that is nested too deeply fills the stack.
      const isDeep = error instanceof RangeError
      if (!isDeep && !(error instanceof EditRefused)) throw error
      refused.set(unit, isDeep ? 'the file is nested too deeply' : error.message)
    }
  }
  return { texts, made, written, byFile, refused }
}

const nothing: Draft = {
  ...{ texts: new Map(), made: [], written: [] },
  ...{ byFile: new Map(), refused: new Map() },
}

type SoFar = { texts: ReadonlyMap<string, string>; written: readonly Edit[]; bases: Bases }
type Applied = { texts: ReadonlyMap<string, string>; written: readonly Edit[]; givers: string[] }

/** Texts of the files it has a part in, also of those that an earlier unit has changed the same way. */
const applyUnit = async (
  { edits }: Unit,
  { texts, written, bases }: SoFar,
  sources: Sources,
): Promise<Applied> => {
  const own = new Map<string, string>()
  const done: Edit[] = []
  const givers: string[] = []
  for (const edit of edits.toSorted(inOrder(bases))) {
    const giver = giverOf(edit, [...written, ...done], bases)
    if (giver !== undefined) {
      givers.push(giver.file)
      continue
    }
    const { text } = await sources(edit.file)
    const before = own.get(edit.file) ?? texts.get(edit.file) ?? text
    own.set(edit.file, applyEdit(before, edit))
    done.push(edit)
  }
  return { texts: own, written: done, givers }
}

/**
 * From the end of a file to its beginning, as places move; then what goes by keys, services that
 * others extend before these.
 */
const inOrder =
  (bases: Bases) =>
  (a: Edit, b: Edit): number =>
    placeOf(b) - placeOf(a) || depthOf(a, bases) - depthOf(b, bases)

const byPlace =
  (bases: Bases) =>
  (a: Unit, b: Unit): number => {
    const last = ({ edits }: Unit) => Math.max(0, ...edits.map(placeOf))
    const depth = ({ edits }: Unit) => Math.min(...edits.map((edit) => depthOf(edit, bases)))
    return last(b) - last(a) || depth(a) - depth(b)
  }

const columnsMax = 100_000

const placeOf = (edit: Edit): number =>
  'line' in edit ? edit.line * columnsMax + ('column' in edit ? edit.column : 0) : 0
