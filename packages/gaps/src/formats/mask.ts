import { endOfValue, shownValue } from './mask-value.ts'

/**
 * A line of somebody's file without what must not be in a log or a report: values of names that
 * sound secret, passwords in addresses and behind options, tokens, long keys. References (`${NAME}`)
 * stay, they say nothing; their defaults go. Of a long line only what is around `column` (1-based) is
 * left, cut after it was masked. What a line before it began is for `hiddenLines`.
 */
export const maskSecrets = (line: string, column = 1): string => {
  // Minified files have one line; nobody reads it, and half of a secret is one too.
  if (line.length > maskLengthMax) return '…'
  const masked = openers
    .reduce(maskAfter, maskAddresses(line))
    .replace(secretDefault, '$1…}')
    .replace(pemLine, '$1…')
    .replace(token, '…')
    .replace(longKey, '…')
  const from = column > columnMax ? Math.max(0, column - columnMax / 2) : 0
  const shown = masked.slice(from, from + lengthMax)
  return `${from === 0 ? '' : '…'}${shown}${from + lengthMax < masked.length ? '…' : ''}`
}

export const maskLengthMax = 5000

/** Of what is shown. */
const lengthMax = 400

/** What lies further right is brought to where a terminal of 80 columns shows it. */
const columnMax = 60

/** Names that sound secret, as the source of an expression that looks away from case. */
export const secretName =
  '(?:pass(?:word|wd|phrase)?|secret|token|credentials?|signing|_dsn|pwd|(?<![a-z0-9])pw(?![a-z])|' +
  'auth[_-]?pass|(?:api|access|private|master|app|account|auth|session|cookie|encryption|jwt|hmac|' +
  'storage|license|service)[_-]?key)'

/** What stands before a secret; `isWord`: it is followed by a word, not by a scalar of a line. */
type Opener = { before: RegExp; isWord: boolean }

const name = `${secretName}[\\w-]{0,40}`
const openers: readonly Opener[] = [
  // `PASSWORD: x`, `PASSWORD=x`, `"password": "x"`; not `${PASSWORD:-x}`.
  {
    before: new RegExp(`(?<!\\$\\{\\w{0,60})${name}["']?[ \\t]{0,8}[:=][ \\t]{0,8}`, 'gi'),
    isWord: false,
  },
  // `ENV PASSWORD x` of a Dockerfile, `requirepass x` of a configuration of Redis.
  {
    before: new RegExp(
      `^\\s{0,40}(?:ENV\\s{1,8}\\w{0,40}${name}|requirepass|masterauth)[ \\t]+`,
      'gi',
    ),
    isWord: false,
  },
  // `--password x`, `["--requirepass", "x"]`.
  {
    before: new RegExp(`(?<!\\w)--?[\\w-]{0,40}${name}(?:["']?[ \\t]*,[ \\t]*|["']?[ \\t]+)`, 'gi'),
    isWord: true,
  },
  // Short options that hold a password, of programs that have them.
  {
    before: /\bredis-cli\b[^|;&]{0,300}?[\s"']-a(?:["'][ \t]*,[ \t]*|[ \t]+)/g,
    isWord: true,
  },
  {
    before:
      /\b(?:mysql|mysqladmin|mysqldump|mariadb|mariadb-admin|mariadb-dump|sshpass)\b[^|;&]{0,300}?[\s"']-p[ \t]{0,1}(?=[^\s"',])/g,
    isWord: true,
  },
  {
    before: /\bcurl\b[^|;&]{0,300}?[\s"'](?:-u|--user)(?:["'][ \t]*,[ \t]*|[ \t]+|=)/g,
    isWord: true,
  },
]

const maskAfter = (line: string, { before, isWord }: Opener): string => {
  let shown = ''
  let at = 0
  for (const { 0: opener, index } of line.matchAll(before)) {
    const from = index + opener.length
    if (index < at || from >= line.length || isJudgedWithin(opener, line[from])) continue
    const to = endOfValue(line, from, isWord)
    const value = line.slice(from, to)
    const without = shownValue(opener, value)
    if (without === value) continue
    shown += line.slice(at, from) + without
    at = to
  }
  return shown + line.slice(at)
}

/** A mapping, and the names of secrets. */
const isJudgedWithin = (opener: string, first: string | undefined): boolean =>
  (first === '{' && /:\s*$/.test(opener)) || /^secrets["']?\s*:/i.test(opener)

// A password may hold `/`, `:` and `@`: up to the last `@` of the word.
const userAndPassword =
  /(:\/\/(?:\$\{[^}]{0,100}\}|(?!\$\{)[^\s:/@"']){0,100}:)([^\s"'<>]{1,300})@/g
const userAlone = /(:\/\/)[^\s:/@"'${}]{16,200}@/g
const reference = /^\$\{?[A-Z_][A-Z0-9_]*\}?$/

const maskAddresses = (line: string): string =>
  line
    .replace(userAndPassword, (whole, user: string, password: string) =>
      reference.test(password) ? whole : `${user}…@`,
    )
    .replace(userAlone, '$1…@')

const secretDefault = new RegExp(
  `(\\$\\{\\w{0,60}${secretName}\\w{0,60}:?[-+])[^}\\u2026][^}]{0,2000}\\}?`,
  'gi',
)
const pemLine = /(-----BEGIN [A-Z0-9 ]{1,40}-----).+/g
const token =
  /(?<![\w-])(?:(?:sk|pk|rk|whsec)[-_][\w-]{12,}|gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abeprs]-[\w-]{10,}|npm_\w{30,}|hf_\w{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*)/g
// Digests of images are no secret.
const longKey = /(?<!sha256:)\b(?=[A-Za-z0-9+_=]{0,200}\d)[A-Za-z0-9+_]{40,}={0,2}/g
