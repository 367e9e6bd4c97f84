import { matchesNothing, type ObjectRef, type Selector } from '@keelson/contract'

export type Matcher = (object: ObjectRef) => boolean

/** What a selector asks for first, to find it without asking all: see `engine.ts`. */
export type Handle =
  | { by: 'stack'; stack: string }
  | { by: 'label'; label: string }
  | { by: 'owner'; owner: string }
  | { by: 'nothing' }

export const labelHandle = (name: string, value: string): string => `${name}=${value}`

/** The test of a selector; its shape was checked when the grant was made. */
export const matcherOf = (selector: Selector): Matcher => {
  if (matchesNothing(selector)) return () => false
  const parts: Matcher[] = []
  if (selector.name !== undefined) parts.push(nameMatcher(selector.name))
  for (const [name, value] of Object.entries(selector.labels ?? {})) {
    parts.push(
      ({ labels }) => labels !== undefined && Object.hasOwn(labels, name) && labels[name] === value,
    )
  }
  if (selector.owner !== undefined) parts.push(({ owner }) => owner === selector.owner)
  const [only] = parts
  if (only === undefined) return () => true
  return parts.length === 1 ? only : (object) => parts.every((matches) => matches(object))
}

/** The narrowest of what it asks for. */
export const handleOf = ({ name, labels, owner }: Selector): Handle => {
  const [, stack] = /^(?:stack|service):([^/*]+)(?:\/|$)/.exec(name ?? '') ?? []
  if (stack !== undefined) return { by: 'stack', stack }
  const [label] = Object.entries(labels ?? {})
  if (label !== undefined) return { by: 'label', label: labelHandle(...label) }
  return owner === undefined ? { by: 'nothing' } : { by: 'owner', owner }
}

/** `stack:shop` covers what is in it; of other kinds only objects of the same kind and depth match. */
const nameMatcher = (name: string): Matcher => {
  const [kind, path] = name.split(':', 2)
  const steps = path?.split('/').map(stepMatcher) ?? []
  const isDeepEnough =
    kind === 'stack'
      ? (object: ObjectRef) => object.path.length >= Math.max(steps.length, 1)
      : (object: ObjectRef) =>
          object.kind === kind && (path === undefined || object.path.length === steps.length)
  return (object) =>
    isDeepEnough(object) && steps.every((matches, at) => matches(object.path[at] ?? ''))
}

/** `*` stands for any run of characters; compared without backtracking over more than one `*`. */
export const stepMatcher = (pattern: string): ((step: string) => boolean) => {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (step) => step === pattern
  return (step) => {
    if (!step.startsWith(first) || step.length < first.length + last.length) return false
    let at = first.length
    for (const part of rest) {
      const found = step.indexOf(part, at)
      if (found === -1) return false
      at = found + part.length
    }
    return step.length - last.length >= at && step.endsWith(last)
  }
}
