import type { Fields } from './changes.ts'

/** `true`: the name stands alone, without `=`. */
type Pair = [name: string, value: string | true]

/** A query or a form, in the order in which it was written. */
export type PairFields = Fields<string> & {
  first(name: string): string | undefined
  /** Without `?`. */
  toString(): string
}

/** `text` without `?`. */
export const pairFields = (text: string): PairFields => {
  let pairs: Pair[] = text.split('&').flatMap((part) => (part === '' ? [] : [pairOf(part)]))
  const placeOf = (name: string): number => pairs.findIndex(([own]) => own === name)
  const remove = (name: string): void => void (pairs = pairs.filter(([own]) => own !== name))
  return {
    has: (name) => placeOf(name) !== -1,
    remove,
    rename: (from, to) => {
      if (from === to) return
      remove(to)
      pairs = pairs.map(([name, value]) => [name === from ? to : name, value])
    },
    set: (name, value) => {
      const place = placeOf(name)
      if (place === -1) return void pairs.push([name, value])
      pairs = pairs.filter(([own], at) => own !== name || at === place)
      pairs[place] = [name, value]
    },
    append: (name, value) => void pairs.push([name, value]),
    first: (name) => {
      const value = pairs[placeOf(name)]?.[1]
      return value === true ? 'true' : value
    },
    toString: () =>
      pairs
        .map(([name, value]) =>
          value === true ? encoded(name) : `${encoded(name)}=${encoded(value)}`,
        )
        .join('&'),
  }
}

const pairOf = (part: string): Pair => {
  const equals = part.indexOf('=')
  if (equals === -1) return [decoded(part), true]
  return [decoded(part.slice(0, equals)), decoded(part.slice(equals + 1))]
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** As nginx writes arguments. Lone surrogates, which no URL can hold, become U+FFFD. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())
