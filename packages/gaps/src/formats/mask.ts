/**
 * A line of somebody's file without what must not be in a log or a report: values of names that
 * sound secret, passwords in addresses, long keys. References (`${NAME}`) stay, they say nothing. Of
 * a long line only what is around `column` (1-based) is left, cut after it was masked.
 */
export const maskSecrets = (line: string, column = 1): string => {
  // Minified files have one line; nobody reads it, and half of a secret is one too.
  if (line.length > maskLengthMax) return '…'
  const masked = line
    .replace(inAddress, '$1…@')
    .replace(assigned, (whole, name: string, value: string) =>
      /^["']?\$/.test(value) || isHarmless(value) ? whole : `${name}…`,
    )
    .replace(longKey, '…')
  const from = column > columnMax ? Math.max(0, column - columnMax / 2) : 0
  const shown = masked.slice(from, from + lengthMax)
  return `${from === 0 ? '' : '…'}${shown}${from + lengthMax < masked.length ? '…' : ''}`
}

const maskLengthMax = 20_000

/** Of what is shown. */
const lengthMax = 400

/** What lies further right is brought to where a terminal of 80 columns shows it. */
const columnMax = 60

const inAddress = /(:\/\/[^\s:/@"']{0,100}:)[^\s@/"']{1,200}@/g
// A name, at most a quote, `:` or `=`, and a quoted value or the one up to the next blank.
const assigned =
  /((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|_dsn)[\w-]{0,40}["']?[ \t]{0,8}[:=][ \t]{0,8})("[^"]{1,2000}"?|'[^']{1,2000}'?|[^\s"',}\]][^\s,}\]]{0,2000})/gi
// Digests of images are no secret.
const longKey = /(?<!sha256:)\b(?=[A-Za-z0-9+_=]{0,200}\d)[A-Za-z0-9+_]{40,}={0,2}/g

/** Paths and words that say where a secret is, or that there is none. */
const isHarmless = (value: string): boolean =>
  /^["']?(?:true|false|null|yes|no|~|\d{1,3}|[./]\S*)["']?$/i.test(value)
