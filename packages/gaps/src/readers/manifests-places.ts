import type { Place } from '../place.ts'
import type { ManifestEvidence } from '../systems/system.ts'

/** What a manifest reader gives; the file's name is added by who calls it. */
export type Manifest = Omit<ManifestEvidence, 'file'>

/** More than this is no project's own list. */
export const dependencyCountMax = 5000

export type Dependencies = Map<string, Place & { version: string | undefined }>

export const noScripts: ManifestEvidence['scripts'] = new Map()

/** Where `pattern` (its first group is a key) is written: all lines of each key. */
export const linesOfKeys = (text: string, pattern: RegExp): Map<string, number[]> => {
  const lines = new Map<string, number[]>()
  for (const [index, row] of text.split('\n').entries()) {
    const key = pattern.exec(row.slice(0, 400))?.[1]
    if (key === undefined) continue
    const found = lines.get(key)
    if (found === undefined) lines.set(key, [index + 1])
    else found.push(index + 1)
  }
  return lines
}

/** The first line of the key at or below `from`. */
export const lineOf = (lines: Map<string, number[]>, key: string, from = 1): number =>
  lines.get(key)?.find((line) => line >= from) ?? 0

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined
