import type { Place } from '../../place.ts'
import type { Check } from './checks.ts'

/** One program of a probe, and what joins it to the one before it. */
export type ProbeCommand = { words: readonly string[]; joiner: '' | '&&' | '||' | ';' | '|' }

/** Probes are short; of a longer one only this much is looked at. */
const textLengthMax = 2000

/** The programs a probe runs, in order; empty when it cannot be told. */
export const readProbe = ({ test }: Check): readonly ProbeCommand[] => {
  const [form, ...rest] = test
  if (form === 'CMD-SHELL') return splitShell(rest.join(' '))
  const [program = '', flag, line] = rest
  const isShell = /(?:^|\/)(?:sh|bash|ash)$/.test(program) && /^-[a-z]*c$/.test(flag ?? '')
  return isShell ? splitShell(line ?? '') : [{ words: rest, joiner: '' }]
}

/** Splits a shell line at `&&`, `||`, `;`, `|` and line ends that stand outside of quotes. */
const splitShell = (line: string): ProbeCommand[] => {
  const commands: ProbeCommand[] = []
  let words: string[] = []
  let word: string | undefined
  let joiner: ProbeCommand['joiner'] = ''
  let quote = ''
  const endWord = () => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = (next: ProbeCommand['joiner']) => {
    endWord()
    const plain = withoutAssignments(words)
    if (plain.length > 0) commands.push({ words: plain, joiner })
    words = []
    joiner = next
  }
  const text = line.slice(0, textLengthMax)
  for (let index = 0; index < text.length; index += 1) {
    const letter = text.charAt(index)
    const pair = text.slice(index, index + 2)
    if (quote !== '') {
      if (letter === quote) quote = ''
      else word = (word ?? '') + letter
    } else if (letter === '"' || letter === "'") {
      quote = letter
      word ??= ''
    } else if (pair === '&&' || pair === '||') {
      endCommand(pair)
      index += 1
    } else if (letter === ';' || letter === '\n') {
      endCommand(';')
    } else if (letter === '|') {
      endCommand('|')
    } else if (/\s/.test(letter)) {
      endWord()
    } else {
      word = (word ?? '') + letter
    }
  }
  endCommand('')
  return commands
}

const withoutAssignments = (words: readonly string[]): readonly string[] => {
  const start = words.findIndex((word) => !/^(?:!|[A-Za-z_]\w*=.*|[({])$/.test(word))
  return start === -1 ? [] : words.slice(start)
}

export const programOf = ({ words }: ProbeCommand): string =>
  (words[0] ?? '').replace(/^\(+/, '').replace(/^.*\//, '')

/** Is every `||` only there to turn a failure into `exit 1`? Then the first failure decides. */
export const failsWithFirst = (commands: readonly ProbeCommand[]): boolean =>
  commands.every(
    (command) =>
      command.joiner === '' ||
      command.joiner === '&&' ||
      command.joiner === '|' ||
      (command.joiner === '||' && isFailure(command)),
  )

const isFailure = ({ words }: ProbeCommand): boolean =>
  words[0] === 'false' || words[0] === 'kill' || (words[0] === 'exit' && words[1] !== '0')

export type ProbeTarget = { port: number; path: string | undefined; at: Place }

const urlPattern =
  /(https?):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(\/[^\s"'?#]*)?(?=$|[\s"'?#);|&])/

/** The port and path of its own service that a probe asks for, where these are plain figures. */
export const targetOf = (check: Check): ProbeTarget | undefined => {
  const text = check.test.slice(1).join(' ').slice(0, textLengthMax)
  const url = urlPattern.exec(text)
  if (url !== null) {
    const [, scheme, port, path] = url
    return {
      port: Number(port ?? (scheme === 'https' ? 443 : 80)),
      path: path ?? '/',
      at: check.at,
    }
  }
  const open =
    /\bnc\s+(?:-\w+\s+)*(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\s+(\d{1,5})\b/.exec(text) ??
    /\/dev\/tcp\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\/(\d{1,5})\b/.exec(text)
  return open === null ? undefined : { port: Number(open[1]), path: undefined, at: check.at }
}
