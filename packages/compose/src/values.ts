import { findChild } from './node.ts'
import type { Node, ScalarNode } from './node.ts'
import { parseBoolean } from './shape.ts'
import { parseBytes, parseDurationMs } from './units.ts'

/*
 * Reading values out of a tree whose shape was checked. Absent and null read as undefined.
 */

export function findScalar(parent: Node | undefined, key: string): ScalarNode | undefined {
  const node = findChild(parent, key)
  return node?.kind === 'scalar' ? node : undefined
}

export function findText(parent: Node | undefined, key: string): string | undefined {
  return findScalar(parent, key)?.text
}

export function findBoolean(parent: Node | undefined, key: string): boolean | undefined {
  const node = findScalar(parent, key)
  return node === undefined ? undefined : parseBoolean(node)
}

export function findNumber(parent: Node | undefined, key: string): number | undefined {
  const text = findText(parent, key)
  return text === undefined ? undefined : Number(text)
}

export function findDurationMs(parent: Node | undefined, key: string): number | undefined {
  const text = findText(parent, key)
  return text === undefined ? undefined : parseDurationMs(text)
}

export function findBytes(parent: Node | undefined, key: string): number | undefined {
  const text = findText(parent, key)
  return text === undefined ? undefined : parseBytes(text)
}

/** The scalars of a list, or the one scalar in its place. */
export function listScalars(node: Node | undefined): ScalarNode[] {
  if (node === undefined) return []
  const items = node.kind === 'list' ? node.items : [node]
  return items.filter((item) => item.kind === 'scalar' && item.value !== null) as ScalarNode[]
}

export function listTexts(node: Node | undefined): string[] {
  return listScalars(node).map((item) => item.text)
}

/** The texts of a mapping by name; null reads as empty. */
export function readRecord(node: Node | undefined): Record<string, string> {
  if (node?.kind !== 'map') return {}
  return toRecord(
    [...node.entries.values()].map(
      ({ key, value }) => [key, value.kind === 'scalar' ? value.text : ''] as const,
    ),
  )
}

/** The value as JSON would have it. */
export function plainOf(node: Node): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plainOf)
  return toRecord(
    [...node.entries.values()].map(({ key, value }) => [key, plainOf(value)] as const),
  )
}

/** Own property for any key, `__proto__` included. */
export function toRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries(entries)
}

/** The object without its undefined properties, for optional keys. */
export function defined<T extends object>(
  object: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Partial<T> = {}
  for (const key in object) if (object[key] !== undefined) kept[key] = object[key]
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> }
}
