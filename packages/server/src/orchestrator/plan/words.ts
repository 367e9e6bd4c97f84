/**
 * A value of a spec in the words of a person: `http, path /health, interval 5 s, retries 3` and not
 * the JSON of it. Units are in the names of fields (`intervalMs`, `limitBytes`) and come out as units.
 */
export const wordsOf = (value: unknown, name = ''): string => {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return listWords(value)
  if (value !== null && typeof value === 'object') return fieldWords(value) || 'no options'
  if (typeof value === 'number') return numberWords(value, name)
  return JSON.stringify(value) ?? ''
}

const listWords = (list: readonly unknown[]): string => {
  const isFlat = list.every((one) => typeof one === 'string')
  if (isFlat) return list.map(quotedIfSplit).join(' ')
  return list.map((one) => wordsOf(one)).join('; ')
}

const quotedIfSplit = (word: string): string =>
  /^[^\s"']+$/.test(word) ? word : JSON.stringify(word)

/** What kind of thing it is needs no name before it. */
const heads: ReadonlySet<string> = new Set(['kind', 'policy', 'strategy', 'type'])

const fieldWords = (fields: object): string =>
  Object.entries(fields)
    .flatMap(([name, value]) => {
      if (value === undefined || value === null || value === false) return []
      if (Array.isArray(value) && value.length === 0) return []
      if (heads.has(name)) return [wordsOf(value)]
      const label = labelOf(name)
      if (value === true) return [label]
      const isNested = typeof value === 'object' && !Array.isArray(value)
      if (!isNested) return [`${label} ${wordsOf(value, name)}`]
      const words = fieldWords(value)
      return words === '' ? [] : [`${label} (${words})`]
    })
    .join(', ')

/** `startPeriodMs` → `start period`; a variable or another name of a person stays as it is. */
const labelOf = (name: string): string =>
  /^[a-z]+([A-Z][a-z]*)*$/.test(name)
    ? name.replace(/(Ms|Bytes)$/, '').replaceAll(/[A-Z]/g, (at) => ` ${at.toLowerCase()}`)
    : name

/** Keys of the file that hold bytes, beside fields that say so in their name. */
const sizes = /Bytes$|^(mem_limit|mem_reservation|memswap_limit|shm_size)$/

const numberWords = (number: number, name: string): string => {
  if (name.endsWith('Ms')) return durationWords(number)
  return sizes.test(name) && number > 0 ? sizeWords(number) : String(number)
}

const durationWords = (ms: number): string => {
  if (ms % 1000 !== 0) return `${ms} ms`
  const s = ms / 1000
  return s >= 60 && s % 60 === 0 ? `${s / 60} min` : `${s} s`
}

const sizeWords = (bytes: number): string => {
  const units = ['GiB', 'MiB', 'KiB']
  const fits = units.find((_, at) => bytes % 1024 ** (units.length - at) === 0)
  return fits === undefined
    ? `${bytes} bytes`
    : `${bytes / 1024 ** (units.length - units.indexOf(fits))} ${fits}`
}
