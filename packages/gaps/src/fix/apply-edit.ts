import { isDeepStrictEqual } from 'node:util'
import { EditRefused, type Edit, type Keys } from './edit.ts'
import { addVariable, createText, removeSuppression } from './text-edits.ts'
import { addItem } from './yaml/add-item.ts'
import { loopback } from './yaml/loopback.ts'
import { openDocument, plainOf, type OpenDocument } from './yaml/open-document.ts'
import { removeKey } from './yaml/remove-key.ts'
import { setValue } from './yaml/set-value.ts'
import { applySplices, type Splice } from './yaml/splice.ts'
import { waitHealthy } from './yaml/wait-healthy.ts'

/**
 * The text with the edit made; the same text when nothing is left to do. Only the lines that the edit
 * needs change: comments, anchors, quotes, indentation and line ends stay. Throws EditRefused.
 */
export const applyEdit = (text: string | undefined, edit: Edit): string => {
  if (edit.kind === 'create') return createText(text, edit.text)
  if (text === undefined) throw new EditRefused('the file is not there')
  if (edit.kind === 'variable') return addVariable(text, edit.name)
  if (edit.kind === 'uncomment') return removeSuppression(text, edit.line)
  const open = openDocument(text)
  const splices = splicesOf(open, edit)
  if (splices.length === 0) return text
  const changed = applySplices(text, splices)
  verify(open, changed, edit)
  return changed
}

type YamlEdit = Exclude<Edit, { kind: 'create' | 'variable' | 'uncomment' }>

const splicesOf = (open: OpenDocument, edit: YamlEdit): Splice[] => {
  if (edit.kind === 'set') return setValue(open, edit.keys, edit.value)
  if (edit.kind === 'add') return addItem(open, edit.keys, edit.value)
  if (edit.kind === 'wait') return waitHealthy(open, edit.service, edit.targets)
  return edit.kind === 'remove' ? removeKey(open, edit.keys) : loopback(open, edit)
}

/** The changed text, read again, holds what it held, and the edit. */
const verify = (open: OpenDocument, changed: string, edit: YamlEdit): void => {
  const [before, after] = [open, openDocument(changed)].map(dataOf)
  const keys = keysOf(edit)
  const isSame = isDeepStrictEqual(without(before, keys), without(after, keys))
  const value = valueAt(after, keys)
  const isThere =
    edit.kind === 'set'
      ? isDeepStrictEqual(value, edit.value)
      : edit.kind === 'add'
        ? isDeepStrictEqual(value, [...asList(valueAt(before, keys)), edit.value])
        : edit.kind === 'remove'
          ? value === undefined
          : value !== undefined
  if (!isSame || !isThere) throw new EditRefused('the file is written in a way that is not known')
}

/** Merge keys stay as they are written. */
const dataOf = (open: OpenDocument): unknown => {
  const { contents } = open.document
  const data = known.get(open) ?? (contents === null ? null : plainOf(contents, open.document))
  known.set(open, data)
  return data
}

/** What one edit has made is what the next one begins with. */
const known = new WeakMap<OpenDocument, unknown>()

const keysOf = (edit: YamlEdit): Keys => {
  if (edit.kind === 'wait') return ['services', edit.service, 'depends_on']
  return edit.kind === 'loopback' ? ['services', edit.service, 'ports'] : edit.keys
}

type Data = Readonly<Record<string, unknown>>

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const valueAt = (data: unknown, keys: Keys): unknown =>
  keys.reduce<unknown>((value, key) => (isData(value) ? value[key] : undefined), data)

/** Without the value, and without the parts of the way to it that hold nothing else. */
const without = (data: unknown, [key, ...keys]: Keys): unknown => {
  if (!isData(data) || key === undefined || !Object.hasOwn(data, key)) return data
  const { [key]: value, ...others } = data
  if (keys.length === 0) return others
  const below = without(value, keys)
  return isData(below) && Object.keys(below).length === 0 ? others : { ...others, [key]: below }
}
