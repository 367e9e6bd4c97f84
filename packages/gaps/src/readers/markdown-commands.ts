import { posix } from 'node:path'
import type { Place } from '../place.ts'
import type { Claim } from '../systems/system.ts'
import type { Block } from './markdown-drawing.ts'
import { readAddresses } from './markdown-mentions.ts'
import { splitCommands } from './shell-words.ts'

const shells = /^(?:sh|bash|shell|zsh|console|shell-?session|terminal|cmd|powershell|ps1|)$/i
const known =
  /^(?:docker|docker-compose|npm|yarn|pnpm|make|cd|cp|git|export|curl|tee|bash|sh|source|python3?|node|mvn|go|sudo|\.{1,2}\/[\w./-]+)$/

/**
 * Commands of a block of code, each with the folder it is given in as far as `cd` tells. `isAway`:
 * a block before it in its section has gone to a folder that is not of this repository.
 */
export const readBlockCommands = (
  { file, folder, line, text, language }: Block,
  isAway = false,
): { claims: Claim[]; isAway: boolean } => {
  const lines = text.split('\n')
  const placeOf = (index: number, column: number): Place => ({ file, line: line + index, column })
  const isEnvironment = /^(?:env|dotenv|ini|properties)$/i.test(language)
  if (isEnvironment) {
    const claims = lines.flatMap((one, index): Claim[] => {
      const name = /^([A-Z][A-Z0-9_]{1,99})=/.exec(one)?.[1]
      return name === undefined
        ? []
        : [{ ...placeOf(index, 1), kind: 'variable', text: name, name }]
    })
    return { claims, isAway }
  }
  if (!shells.test(language)) return { claims: [], isAway }
  const prompt = lines.some((one) => /^\s*\$ \S/.test(one))
  const claims: Claim[] = []
  let where: string | undefined = isAway ? undefined : folder
  let isLost = isAway
  for (let index = 0; index < lines.length; index += 1) {
    const start = index
    let written = lines[index] ?? ''
    while (/\\\s*$/.test(written) && index + 1 < lines.length && written.length < 4000) {
      index += 1
      written = `${written.replace(/\\\s*$/, ' ')}${lines[index] ?? ''}`
    }
    if (prompt && !/^\s*\$ /.test(written)) continue
    const command = written.replace(/^\s*(?:[$>] )?/, '')
    const column = written.length - command.length + 1
    claims.push(...givenBefore(command, placeOf(start, column)))
    if (command === '' || /^(?:#|\/\/|REM )/.test(command)) continue
    for (const words of splitCommands(command)) {
      if (!isCommand(words)) break
      claims.push({
        ...placeOf(start, column),
        kind: 'command',
        text: words.join(' '),
        words,
        folder: where,
      })
      where = afterCommand(words, where, folder)
      isLost ||= words[0] === 'cd' && where === undefined
      claims.push(...exported(words, placeOf(start, column)))
    }
    claims.push(...readAddresses(command, (offset) => placeOf(start, column + offset)))
  }
  return { claims, isAway: isLost }
}

/** A block without a language may be output: only what begins with a known program counts. */
const isCommand = ([first = '', second]: readonly string[]): boolean =>
  known.test(first) && (second !== undefined || /\//.test(first) || first === 'make')

const exported = (words: readonly string[], place: Place): Claim[] => {
  const name =
    words[0] === 'export' ? /^([A-Z][A-Z0-9_]{1,99})=/.exec(words[1] ?? '')?.[1] : undefined
  return name === undefined ? [] : [{ ...place, kind: 'variable', text: name, name }]
}

/** `HTTP_PORT=8080 docker compose up`, or `HTTP_PORT=8080` alone. */
const givenBefore = (command: string, place: Place): Claim[] => {
  const given = /^(?:[A-Z][A-Z0-9_]{1,99}=[\w.:/<>-]{0,100}(?: +|$)){1,9}/.exec(command)?.[0] ?? ''
  return given
    .trim()
    .split(/ +/)
    .flatMap((text): Claim[] => {
      const [name = ''] = text.split('=')
      return name === '' ? [] : [{ ...place, kind: 'variable', text, name }]
    })
}

/** Where the next command is given; undefined: somewhere else. */
const afterCommand = (
  words: readonly string[],
  where: string | undefined,
  documentFolder: string,
): string | undefined => {
  const [program, target] = words
  if (program === 'git' && target === 'clone') return undefined
  if (program !== 'cd') return where
  // After a clone the folder of the clone is entered: that is this repository, or another.
  if (where === undefined || target === undefined) return undefined
  if (!/^[\w./-]+$/.test(target) || target.startsWith('/')) return undefined
  const next = posix.normalize(posix.join(where, target)).replace(/\/$/, '')
  return next.startsWith('..') ? undefined : next === '.' ? '' : (next ?? documentFolder)
}

/** `docker compose up -d` within a sentence. */
export const readInlineCommand = (text: string, place: Place, folder: string): Claim[] => {
  const [words] = splitCommands(text.replace(/^\$ /, '').slice(0, 500))
  if (words === undefined || words.length < 2 || words.length > 20) return []
  return /^(?:docker|docker-compose|npm|yarn|pnpm|make|bash|sh)$/.test(words[0] ?? '')
    ? [{ ...place, kind: 'command', text, words, folder: folder }]
    : []
}
