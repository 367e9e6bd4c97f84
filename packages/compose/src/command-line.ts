/**
 * A command line in words, as a POSIX shell would split it: quotes and backslashes, nothing else
 * (no variables, no operators). Undefined when a quote is not closed.
 */
export function splitCommandLine(line: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let index = 0; index < line.length; index++) {
    const character = line[index] ?? ''
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === "'") {
      const end = line.indexOf("'", index + 1)
      if (end === -1) return undefined
      word = (word ?? '') + line.slice(index + 1, end)
      index = end
    } else if (character === '"') {
      const quoted = readDoubleQuoted(line, index + 1)
      if (quoted === undefined) return undefined
      word = (word ?? '') + quoted.text
      index = quoted.end
    } else if (character === '\\') {
      index++
      if (index >= line.length) return undefined
      if (line[index] !== '\n') word = (word ?? '') + line[index]
    } else {
      word = (word ?? '') + character
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** Inside double quotes a backslash escapes only `$`, `` ` ``, `"`, `\` and a line break. */
function readDoubleQuoted(line: string, from: number): { text: string; end: number } | undefined {
  let text = ''
  for (let index = from; index < line.length; index++) {
    const character = line[index] ?? ''
    if (character === '"') return { text, end: index }
    const next = line[index + 1] ?? ''
    if (character === '\\' && '$`"\\\n'.includes(next) && next !== '') {
      if (next !== '\n') text += next
      index++
    } else {
      text += character
    }
  }
  return undefined
}
