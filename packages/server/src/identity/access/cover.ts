import { matchesNothing, type Selector } from '@keelson/contract'
import { stepMatcher } from './selector.ts'

/** A selector with its name read: it is compared with many. */
export type Place = { on: Selector; name: Name | null; labels: readonly [string, string][] }

type Name = { kind: string; steps: readonly Step[] | null }
type Step = { text: string; matches: (step: string) => boolean }

export const placeOf = (on: Selector): Place => ({
  on,
  name: on.name === undefined ? null : readName(on.name),
  labels: Object.entries(on.labels ?? {}),
})

const readName = (name: string): Name => {
  const [kind = '', path] = name.split(':', 2)
  const steps = path?.split('/').map((text) => ({ text, matches: stepMatcher(text) }))
  return { kind, steps: steps ?? null }
}

/**
 * Whatever the narrow selector matches, the wide one matches as well. False also where it cannot be told
 * from the selectors alone: whoever asks then refuses.
 */
export const covers = (wide: Place, narrow: Place): boolean =>
  (!matchesNothing(wide.on) || matchesNothing(narrow.on)) &&
  (wide.name === null || (narrow.name !== null && coversName(wide.name, narrow.name))) &&
  wide.labels.every(([label, value]) => hasLabel(narrow.on, label, value)) &&
  (wide.on.owner === undefined || wide.on.owner === narrow.on.owner)

/** No object can match both. False also where it cannot be told from the selectors alone. */
export const areApart = (one: Place, other: Place): boolean =>
  matchesNothing(one.on) ||
  matchesNothing(other.on) ||
  (one.name !== null && other.name !== null && areNamesApart(one.name, other.name)) ||
  one.labels.some(
    ([label, value]) => hasAny(other.on, label) && !hasLabel(other.on, label, value),
  ) ||
  (one.on.owner !== undefined && other.on.owner !== undefined && one.on.owner !== other.on.owner) ||
  isOfBareName(one.on, other.on) ||
  isOfBareName(other.on, one.on)

const hasAny = ({ labels = {} }: Selector, label: string): boolean => Object.hasOwn(labels, label)
const hasLabel = (selector: Selector, label: string, value: string): boolean =>
  hasAny(selector, label) && selector.labels?.[label] === value

/** The platform and the gateway have neither labels nor an owner. */
const isOfBareName = ({ name }: Selector, { labels = {}, owner }: Selector): boolean =>
  (name === 'platform' || name === 'gateway') &&
  (owner !== undefined || Object.keys(labels).length > 0)

/** `stack:shop` covers what is in it: it asks for a beginning of the path, other kinds for all of it. */
const coversName = ({ kind, steps }: Name, other: Name): boolean => {
  if (kind === 'stack') {
    if (other.kind !== 'stack' && other.kind !== 'service') return false
    return (steps ?? []).every((step, at) => coversStep(step, other.steps?.[at]))
  }
  if (kind !== other.kind) return false
  if (steps === null) return true
  return (
    steps.length === other.steps?.length &&
    steps.every((step, at) => coversStep(step, other.steps?.[at]))
  )
}

/** A `*` of the narrow one is a character like no other, which only a `*` of the wide one takes. */
const coversStep = (wide: Step, narrow: Step | undefined): boolean =>
  narrow !== undefined && wide.matches(narrow.text)

const mayContain = ({ kind }: Name): boolean => kind === 'stack' || kind === 'service'

const areNamesApart = (a: Name, b: Name): boolean => {
  if (a.kind !== b.kind && !(mayContain(a) && mayContain(b))) return true
  if (isTooShallow(a, b) || isTooShallow(b, a)) return true
  return (a.steps ?? []).some((step, at) => {
    const beside = b.steps?.[at]
    return beside !== undefined && areStepsApart(step, beside)
  })
}

/** What the first names has all of its path said, and the other one asks for more steps, or for fewer. */
const isTooShallow = (all: Name, asked: Name): boolean => {
  if (all.kind === 'stack' || all.steps === null || asked.steps === null) return false
  const [has, asks] = [all.steps.length, asked.steps.length]
  return asked.kind === 'stack' ? has < asks : has !== asks
}

const areStepsApart = (a: Step, b: Step): boolean => {
  const [one, other] = [a.text, b.text]
  if (!one.includes('*')) return !b.matches(one)
  if (!other.includes('*')) return !a.matches(other)
  const [start, otherStart] = [one, other].map((step) => step.slice(0, step.indexOf('*')))
  const [end, otherEnd] = [one, other].map((step) => step.slice(step.lastIndexOf('*') + 1))
  return !isBeginning(start, otherStart) || !isEnding(end, otherEnd)
}

const isBeginning = (one = '', other = ''): boolean =>
  one.startsWith(other) || other.startsWith(one)
const isEnding = (one = '', other = ''): boolean => one.endsWith(other) || other.endsWith(one)
