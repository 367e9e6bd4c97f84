/** What stands behind a value, as a comment at the end of its line; undefined: nothing. */
export type CommentOf = (path: string) => string | undefined

/**
 * Plain data as YAML, in the form `docker compose config` prints: block style, two blanks, strings
 * in quotes only where they would be read as something else.
 */
export const toYaml = (value: unknown, commentOf: CommentOf = () => undefined): string => {
  const write = (node: unknown, path: string, indent: string): string[] => {
    if (isMap(node)) return writeMap(node, path, indent)
    if (Array.isArray(node)) return writeList(node, path, indent)
    return [`${indent}${scalar(node, indent)}`]
  }

  const writeMap = (map: Record<string, unknown>, path: string, indent: string): string[] =>
    Object.entries(map).flatMap(([key, child]) => {
      const at = path === '' ? key : `${path}.${key}`
      return lead(`${indent}${scalar(key, indent)}:`, child, at, indent)
    })

  /** The key and what follows: on the same line, or below it. */
  const lead = (head: string, child: unknown, at: string, indent: string): string[] => {
    const inner = `${indent}  `
    if (hasLinesBelow(child)) return [`${head}${noteOf(at)}`, ...write(child, at, inner)]
    const [first = '', ...below] = inline(child, inner).split('\n')
    return [`${head} ${first}${noteOf(at)}`, ...below]
  }

  const writeList = (list: readonly unknown[], path: string, indent: string): string[] =>
    list.flatMap((item, index) => {
      const at = `${path}.${index}`
      const inner = `${indent}  `
      if (!hasLinesBelow(item)) {
        const [first = '', ...below] = inline(item, inner).split('\n')
        return [`${indent}- ${first}${noteOf(at)}`, ...below]
      }
      const [first = '', ...rest] = write(item, at, inner)
      return [`${indent}- ${first.slice(inner.length)}`, ...rest]
    })

  const noteOf = (path: string): string => {
    const comment = commentOf(path)
    return comment === undefined ? '' : `  # ${comment}`
  }

  return `${write(value, '', '').join('\n')}\n`
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hasLinesBelow = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

const inline = (value: unknown, indent: string): string => {
  if (Array.isArray(value)) return '[]'
  return isMap(value) ? '{}' : scalar(value, indent)
}

const scalar = (value: unknown, indent: string): string => {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null'
  if (value.includes('\n')) return isBlockSafe(value) ? block(value, indent) : JSON.stringify(value)
  if (!printable.test(value)) return JSON.stringify(value)
  if (readsAsOther(value)) return JSON.stringify(value)
  return plain.test(value) && !/: |:$| #/.test(value) ? value : `'${value.replaceAll("'", "''")}'`
}

/** Text that a reader of YAML 1.1 or 1.2 takes for a number, a date, a boolean or nothing. */
const readsAsOther = (text: string): boolean =>
  text === '' ||
  /^(~|null|true|false|yes|no|on|off|y|n|<<|=)$/i.test(text) ||
  /^[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?$/.test(text) ||
  /^[-+]?(0x[\da-f_]+|0b[01_]+|0o?[0-7_]+|\.inf)$|^\.nan$/i.test(text) ||
  /^[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?$/.test(text) ||
  /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/.test(text)

const plain = /^([^\s\-?:,[\]{}#&*!|>'"%@`]|[-?:](?=[^\s,[\]{}]))([^\n]*[^\s])?$/
const printable = /^[\u0020-\u007E\u00A0-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD\u{10000}-\u{10FFFF}]*$/u

/** A literal block keeps everything but control characters and blanks that begin it. */
const isBlockSafe = (text: string): boolean =>
  !/^[\s]/.test(text) &&
  !/[^\S\n]\n|[^\S\n]$/.test(text) &&
  printable.test(text.replaceAll('\n', ''))

const block = (text: string, indent: string): string => {
  const keep = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-'
  const lines = text.replace(/\n$/, '').split('\n')
  return [`|${keep}`, ...lines.map((line) => (line === '' ? '' : `${indent}${line}`))].join('\n')
}
