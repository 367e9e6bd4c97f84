import { looksSecret } from './environment.ts'
import { wordsOf } from './words.ts'

/** Longer texts are cut: a plan shows what changed, not the whole file. */
const textLengthMax = 200
/** Shorter secrets would hide half of what is shown. */
const secretLengthMin = 4

/** Says a value in words; null when it is a secret, or holds one. */
export type Readable = (name: string, value: unknown) => string | null

/**
 * What of a service may be shown. Masked is what has the name of a secret, what looks like one,
 * and every other text that holds one of `secrets`: a password in a command line.
 */
export const readableWith = (secrets: readonly string[]): Readable => {
  const hidden = secrets.filter(({ length }) => length >= secretLengthMin)
  return (name, value) => {
    if (holdsSecret(name, value)) return null
    const text = wordsOf(value, name)
    if (hidden.some((secret) => text.includes(secret))) return null
    return text.length > textLengthMax ? `${text.slice(0, textLengthMax - 1)}…` : text
  }
}

const holdsSecret = (name: string, value: unknown): boolean => {
  if (Array.isArray(value)) return listHoldsSecret(name, value)
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).some(([key, child]) => holdsSecret(key, child))
  }
  return looksSecret(name, String(value))
}

/** `--password hunter2`: the value is a word of its own; `TOKEN=x` is a pair. */
const listHoldsSecret = (name: string, list: readonly unknown[]): boolean =>
  list.some((one, at) => {
    if (typeof one !== 'string') return holdsSecret(name, one)
    const [key = '', ...rest] = one.replace(/^-+/, '').split('=')
    const value = rest.length > 0 ? rest.join('=') : one.startsWith('-') ? list[at + 1] : undefined
    return looksSecret('', one) || (value !== undefined && looksSecret(key, wordsOf(value)))
  })
