/** Where the value that begins at `from` ends: a quoted one, a word, or a plain scalar with blanks. */
export const endOfValue = (line: string, from: number, isWord: boolean): number => {
  const quote = line[from]
  if (quote === '"' || quote === "'") {
    const end = endOfQuoted(line, from + 1, quote)
    // `"a"b` is one word of a shell.
    return isDelimiter(line[end]) ? end : endOfWord(line, end)
  }
  if (isWord) return endOfWord(line, from)
  const comment = line.slice(from).search(/[ \t]#/)
  return comment === -1 ? line.length : from + comment
}

/** After the closing quote; the end of the line when it is not on it. */
export const endOfQuoted = (line: string, from: number, quote: string): number => {
  for (let at = from; at < line.length; at += 1) {
    if (quote === '"' && line[at] === '\\') at += 1
    else if (line[at] !== quote) continue
    else if (quote === "'" && line[at + 1] === quote) at += 1
    else return at + 1
  }
  return line.length
}

const isDelimiter = (letter: string | undefined): boolean =>
  letter === undefined || /[\s,;:)\]}"'`]/.test(letter)

const endOfWord = (line: string, from: number): number => {
  const length = line.slice(from).search(/[\s"'`]/)
  return length === -1 ? line.length : from + length
}

/** A value as it may be shown behind what stands before it. */
export const shownValue = (opener: string, value: string): string => {
  const [, quote = '', bare = ''] = /^(["']?)(.*?)\1\s*$/.exec(value) ?? []
  if (isHarmless.test(bare) || bare.startsWith('--')) return value
  const isPath = /^(?:\$\{?\w+\}?|[\w.-]+)?[./]/.test(bare)
  if (isPath && /(?:file|path|dir)["']?[\s:=,]+$/i.test(opener)) return value
  const shown = withoutDefault(bare)
  return shown === undefined ? '…' : quote + shown + quote
}

/** Words that say that there is none, headers of blocks, and references without a default. */
const isHarmless =
  /^(?:|true|false|(?:!reset )?null|yes|no|~|\d{1,3}|[|>][0-9+-]{0,2}|\$[A-Z_][A-Z0-9_]*|(?:\$\{\w+(?::?\?[^${}]*)?\})+)$/i

/** `${NAME:-…}`; a default that is a reference stays. Undefined: this is no such reference. */
const withoutDefault = (bare: string): string | undefined => {
  const [, before, unless = ''] = /^(\$\{\w+:?[-+])(.*)\}$/.exec(bare) ?? []
  // Of several in a row the first one would end in the last.
  if (before === undefined || /^[^{]*\}/.test(unless)) return undefined
  return isHarmless.test(unless) ? bare : `${before}…}`
}
