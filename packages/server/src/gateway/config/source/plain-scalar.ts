/**
 * Scalars of plain YAML, as far as YAML 1.1 (libyaml, which Kong reads with) and 1.2 agree about
 * them. `unusual` is what needs a whole YAML reader.
 */
export const unusual = Symbol('unusual')

const ambiguousWord = /^(?:y|n|yes|no|on|off|true|false|null)$/i
const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['~', null],
])

const integer = /^-?(?:0|[1-9]\d{0,14})$/
const decimal = /^-?(?:0|[1-9]\d{0,9})\.\d{1,9}$/
/** What could be a number of one version or the other: octal, hexadecimal, sexagesimal, 1e3. */
const numberLike = /^[-+.]?[\d.][\d_.,:+\-a-fox]*$|^[-+]?\.(?:inf|nan)$/i
const surelyText =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12})$/i

/** The value of a plain scalar that is not empty. */
export const plainScalar = (text: string): unknown => {
  const first = text.charCodeAt(0)
  const isDigitOrSign = (first >= 43 && first <= 57 && first !== 47) || first === 126
  if (!isDigitOrSign) {
    if (text.length > 5 || !ambiguousWord.test(text)) return text
    return words.has(text) ? words.get(text) : unusual
  }
  if (integer.test(text) && text !== '-0') return Number(text)
  if (decimal.test(text)) return Number(text)
  if (text === '~') return null
  return surelyText.test(text) || !numberLike.test(text) ? text : unusual
}

/** Whether a text can be a key as it is for every reader; some take `on` for true. */
export const isPlainKey = (text: string): boolean => !(text.length <= 5 && ambiguousWord.test(text))
