/**
 * A line of somebody's file without what must not be in a log or a report: values of names that
 * sound secret, passwords in addresses, long keys. References (`${NAME}`) stay, they say nothing.
 */
export const maskSecrets = (line: string): string => {
  const short = line.length > lengthMax ? `${line.slice(0, lengthMax)}…` : line
  return short
    .replace(inAddress, '$1…@')
    .replace(assigned, (whole, name: string, value: string) =>
      /^["']?\$/.test(value) || isHarmless(value) ? whole : `${name}…`,
    )
    .replace(longKey, '…')
}

/** Of a line that is shown; a minified file is one line. */
const lengthMax = 400

const inAddress = /(:\/\/[^\s:/@"']{0,100}:)[^\s@/"']{1,200}@/g
// A name, at most a quote, `:` or `=`, and the value up to the next blank.
const assigned =
  /((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|_dsn)[\w-]{0,40}["']?[ \t]{0,8}[:=][ \t]{0,8})(\S[^\s,}\]]{0,400})/gi
const longKey = /\b(?=[A-Za-z0-9+/_-]{0,200}\d)[A-Za-z0-9+/_-]{40,}={0,2}/g

/** Paths and words that say where a secret is, or that there is none. */
const isHarmless = (value: string): boolean =>
  /^["']?(?:true|false|null|yes|no|~|\d{1,3}|[./]\S*)["']?$/i.test(value)
