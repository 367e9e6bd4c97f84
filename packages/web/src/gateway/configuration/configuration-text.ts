import type { GatewayDiff } from '@keelson/contract'
import { kindName } from '@keelson/contract/gateway-kinds'

/** What people look for first; other kinds follow by name. */
const kindsFirst = ['services', 'routes', 'plugins', 'upstreams', 'targets', 'consumers']

const placeOf = (kind: string): number => {
  const at = kindsFirst.indexOf(kind)
  return at < 0 ? kindsFirst.length : at
}

/** `3 services, 5 routes`: kinds without any are left out. */
export const countsSentence = (counts: Readonly<Record<string, number>>): string => {
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([a], [b]) => placeOf(a) - placeOf(b) || a.localeCompare(b))
    .map(([kind, count]) => `${count.toLocaleString('en')} ${kindName(kind, count)}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** `2 created, 1 deleted`; nothing for none. */
export const diffSentence = ({ changes, more }: Pick<GatewayDiff, 'changes' | 'more'>): string => {
  const parts = (['created', 'updated', 'deleted'] as const)
    .map((change) => ({ change, count: changes.filter((one) => one.change === change).length }))
    .filter(({ count }) => count > 0)
    .map(({ change, count }) => `${count.toLocaleString('en')} ${change}`)
  if (more > 0) parts.push(`${more.toLocaleString('en')} more`)
  return parts.join(', ')
}

/** A value of a configuration in one line. */
export const valueText = (value: unknown): string => {
  if (value === null || value === undefined) return 'not set'
  if (typeof value === 'string') return value === '' ? 'empty' : value
  return JSON.stringify(value)
}

/** Where a line begins and ends in a text, from its column on; both count from 1. */
export const placeInText = (
  text: string,
  line: number,
  column: number,
): { from: number; to: number } => {
  let start = 0
  for (let at = 1; at < line; at += 1) {
    const next = text.indexOf('\n', start)
    if (next < 0) return { from: text.length, to: text.length }
    start = next + 1
  }
  const end = text.indexOf('\n', start)
  const to = end < 0 ? text.length : end
  return { from: Math.min(to, start + Math.max(0, column - 1)), to }
}
