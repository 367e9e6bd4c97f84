import type { Selector } from '@keelson/contract'

/** A selector as a form asks it; labels as `tier=front, team=a`. */
export type SelectorForm = { name: string; labels: string; owner: string }

export const anything: SelectorForm = { name: '', labels: '', owner: '' }

/** `everything`; else each part, all of which must match. */
export const selectorText = (selector: Selector): string => {
  const { name, labels, owner } = selector
  const pairs = Object.entries(labels ?? {})
  if (owner === '' || (labels !== undefined && pairs.length === 0)) return 'nothing'
  const parts = [
    ...(name === undefined ? [] : [name]),
    ...pairs.map(([label, value]) => `label ${label}=${value}`),
    ...(owner === undefined ? [] : [`owner ${owner}`]),
  ]
  return parts.length === 0 ? 'everything' : parts.join(', ')
}

const namePattern = /^(platform|stack|service|gateway)(:[^/:]+(\/[^/:]+)*)?$/

/** What is wrong with a form; undefined: nothing. */
export const selectorFault = ({ name, labels, owner }: SelectorForm): string | undefined => {
  if (name.trim() === '' && labels.trim() === '' && owner.trim() === '') {
    return 'Give a name, labels or an owner.'
  }
  if (name.trim() !== '' && !namePattern.test(name.trim())) {
    return 'A name is platform, gateway, stack:shop or service:shop/web, with * for any letters.'
  }
  const isPair = (part: string) => /^[^=]+=/.test(part)
  const pairs = partsOf(labels)
  const isRead = pairs.every(isPair) && (labels.trim() === '' || pairs.length > 0)
  return isRead ? undefined : 'Labels are written like tier=front.'
}

export const selectorOf = ({ name, labels, owner }: SelectorForm): Selector => {
  const pairs = partsOf(labels).map((part) => {
    const [label = '', ...value] = part.split('=')
    return [label.trim(), value.join('=').trim()] as const
  })
  return {
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(pairs.length === 0 ? {} : { labels: Object.fromEntries(pairs) }),
    ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
  }
}

const partsOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
