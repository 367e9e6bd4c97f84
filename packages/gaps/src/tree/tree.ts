import { statSync } from 'node:fs'
import { posix } from 'node:path'
import { readText } from './read-text.ts'

/** The files of a repository. Paths are relative to its root, `/` between names, no leading `./`. */
export type Tree = {
  root: string
  /** Every file that was listed, sorted; folders that hold other people's code are not entered. */
  files: readonly string[]
  /** Files that are listed under this folder; '' is the root. */
  under: (folder: string) => readonly string[]
  /** A file or folder that is there; also one that `alsoExisting` names. */
  has: (path: string) => boolean
  isFolder: (path: string) => boolean
  /** Could the path be there without our knowing? Inside folders that were not entered. */
  isUnknown: (path: string) => boolean
  /** Bytes of a listed file; undefined for one that is only known by name. */
  sizeOf: (path: string) => number | undefined
  /** The text of a listed regular file; undefined when absent, binary or above the limit. */
  read: (path: string) => Promise<string | undefined>
  /** What was not read, and why: too many files, a file too large. */
  notes: TreeNote[]
  /** Files whose text names `keelson-ignore`, of those that were read so far. */
  marked: ReadonlySet<string>
  /** Files whose text somebody wanted: a change of another one changes no finding. */
  wanted: ReadonlySet<string>
  /** Absolute paths of files that are read as if they said something else, with that text. */
  overlaid: ReadonlyMap<string, string>
}

export type TreeNote = { file: string; why: string }

export type ReadLimits = {
  /** A larger file is listed and not read. */
  fileSizeLimitBytes: number
  /** Of all that is read together; then nothing more is. */
  readLimitBytes: number
  /** Text that is kept for a second reader. */
  cacheLimitBytes: number
}

type TreeParts = {
  root: string
  listed: ReadonlySet<string>
  folders: ReadonlySet<string>
  /** Folders that are there and were not entered. */
  closed: ReadonlySet<string>
  /** There, and not to be read: links that lead out, sockets, what a trimmed copy leaves out. */
  alsoExisting: ReadonlySet<string>
  notes: TreeNote[]
  limits: ReadLimits
  /** Texts in place of those on disk, by path. */
  overlay: ReadonlyMap<string, string>
}

/** What somebody writes to have a finding left out; looked for while a text is at hand. */
export const suppressionMark = 'keelson-ignore'

export const createTree = (parts: TreeParts): Tree => {
  const { root, listed, folders, closed, alsoExisting, notes, limits, overlay } = parts
  const files = [...listed].toSorted()
  const texts = new Map<string, Promise<string | undefined>>()
  const sizes = new Map<string, number | undefined>()
  const marked = new Set<string>()
  const wanted = new Set<string>()
  let readBytes = 0
  let cachedBytes = 0
  let isSpent = false

  /** Asked of the disk when somebody wants to know: a listing of 10,000 files needs no sizes. */
  const sizeOf = (path: string): number | undefined => {
    if (!listed.has(path)) return undefined
    const text = overlay.get(path)
    if (text !== undefined) return Buffer.byteLength(text)
    if (!sizes.has(path)) {
      const found = statSync(posix.join(root, path), { throwIfNoEntry: false })
      sizes.set(path, found?.size)
    }
    return sizes.get(path)
  }

  const readOnce = async (path: string): Promise<string | undefined> => {
    if (!listed.has(path) || isSpent) return undefined
    try {
      const given = overlay.get(path)
      const found =
        given === undefined
          ? await readText(posix.join(root, path), limits.fileSizeLimitBytes)
          : { text: given }
      if (found === 'too large') {
        notes.push({ file: path, why: `larger than ${limits.fileSizeLimitBytes} bytes, not read` })
        return undefined
      }
      if (found === 'binary') return undefined
      const { text } = found
      readBytes += text.length
      if (readBytes > limits.readLimitBytes) {
        isSpent = true
        const why = `more than ${limits.readLimitBytes} bytes of text in all, no further file is read`
        notes.push({ file: path, why })
      }
      if (text.includes(suppressionMark)) marked.add(path)
      return text
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      notes.push({ file: path, why: `cannot be read: ${code}` })
      return undefined
    }
  }

  const read = async (path: string): Promise<string | undefined> => {
    if (listed.has(path)) wanted.add(path)
    const known = texts.get(path)
    if (known !== undefined) return known
    const reading = readOnce(path)
    texts.set(path, reading)
    const text = await reading
    cachedBytes += text?.length ?? 0
    if (cachedBytes > limits.cacheLimitBytes && text !== undefined) {
      cachedBytes -= text.length
      texts.delete(path)
    }
    return text
  }

  return {
    root,
    files,
    notes,
    marked,
    wanted,
    overlaid: new Map([...overlay].map(([path, text]) => [posix.join(root, path), text])),
    sizeOf,
    read,
    under: (folder) => {
      if (folder === '') return files
      const prefix = `${folder}/`
      return files.slice(lowerBound(files, prefix), lowerBound(files, `${folder}0`))
    },
    has: (path) => path === '' || listed.has(path) || folders.has(path) || alsoExisting.has(path),
    isFolder: (path) => path === '' || folders.has(path),
    isUnknown: (path) => ancestors(path).some((folder) => closed.has(folder)),
  }
}

/** First index whose file is not before `text`: `0` follows `/` in the order of characters. */
const lowerBound = (files: readonly string[], text: string): number => {
  let low = 0
  let high = files.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((files[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

const ancestors = (path: string): string[] => {
  const names = path.split('/')
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}
