import { posix } from 'node:path'
import type { Place } from '../place.ts'
import type { CopyEvidence, StageEvidence } from '../systems/system.ts'
import { applyInstalls } from './dockerfile-installs.ts'
import type { Line } from './dockerfile-lines.ts'
import { expandWord, readJsonWords, splitWords, type Scope } from './dockerfile-words.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A stage while its lines are read. */
export type OpenStage = Mutable<
  Omit<StageEvidence, 'environment' | 'copies' | 'installs' | 'exposes' | 'volumes' | 'runs'>
> & {
  environment: Map<string, Place & { value: string | undefined }>
  copies: CopyEvidence[]
  installs: Set<string>
  exposes: StageEvidence['exposes'][number][]
  volumes: StageEvidence['volumes'][number][]
  runs: StageEvidence['runs'][number][]
  /** ARG and ENV as they are now. */
  scope: Map<string, string | undefined>
  hasOwnCommand: boolean
}

type Reading = { escape: string; globals: Scope; args: Scope }

/** Longest text of one RUN that is looked at. */
const runLengthMax = 20_000
/** Ports of one `EXPOSE 8000-9000` that are listed. */
const portRangeMax = 64

export const openStage = (
  at: Place,
  name: string | undefined,
  parent: StageEvidence | undefined,
  base: Pick<StageEvidence, 'base' | 'isScratch'>,
): OpenStage => ({
  ...{ at, name, base: base.base, isScratch: base.isScratch },
  healthcheck: parent?.healthcheck,
  user: parent?.user,
  command: parent?.command,
  entrypoint: parent?.entrypoint,
  workdir: parent?.workdir ?? (base.isScratch ? '/' : undefined),
  environment: new Map(parent?.environment),
  copies: [...(parent?.copies ?? [])],
  installs: new Set(parent?.installs),
  exposes: [...(parent?.exposes ?? [])],
  volumes: [...(parent?.volumes ?? [])],
  runs: [...(parent?.runs ?? [])],
  scope: new Map([...(parent?.environment ?? [])].map(([key, { value }]) => [key, value])),
  hasOwnCommand: false,
})

/** Takes one instruction into the stage; source: Docker's Dockerfile reference. */
export const applyLine = (stage: OpenStage, line: Line, reading: Reading): void => {
  const { at, keyword, text, body } = line
  const expand = (word: string) => expandWord(word, stage.scope, reading.escape)
  const words = () => readJsonWords(text) ?? splitWords(text, reading.escape)
  switch (keyword) {
    case 'ARG':
      for (const word of words()) declareArgument(stage, word, reading)
      break
    case 'ENV':
      for (const [name, raw] of readPairs(text, reading.escape)) {
        const value = expand(raw)
        stage.environment.set(name, { ...at, value })
        stage.scope.set(name, value)
      }
      break
    case 'EXPOSE':
      for (const word of words()) stage.exposes.push(...readPorts(expand(word), at))
      break
    case 'USER':
      stage.user = { ...at, user: expand(text) }
      break
    case 'WORKDIR': {
      const path = expand(text)
      const isKnown = path !== undefined && (path.startsWith('/') || stage.workdir !== undefined)
      stage.workdir = isKnown ? posix.resolve(stage.workdir ?? '/', path) : undefined
      break
    }
    case 'COPY':
    case 'ADD':
      stage.copies.push(readCopy(stage, line, expand, words()))
      break
    case 'RUN': {
      const hasMount = line.mounts.some((mount) => !/(?:^|,)type=(?!bind)/.test(mount))
      const run = `${readJsonWords(text)?.join(' ') ?? text}\n${body}`.slice(0, runLengthMax)
      stage.runs.push({
        ...{ ...at, text: run.trim(), workdir: stage.workdir },
        ...(hasMount ? { hasMount } : {}),
      })
      applyInstalls(run, stage.installs)
      break
    }
    case 'CMD':
      stage.command = { ...at, ...readCommand(text) }
      stage.hasOwnCommand = true
      break
    case 'ENTRYPOINT':
      stage.entrypoint = { ...at, ...readCommand(text) }
      // A new entrypoint drops the command it would have been given by the image below.
      if (!stage.hasOwnCommand) stage.command = undefined
      break
    case 'HEALTHCHECK':
      stage.healthcheck = { ...at, test: readTest(text) }
      break
    case 'VOLUME':
      for (const word of words()) {
        const path = expand(word)
        if (path !== undefined) stage.volumes.push({ ...at, path })
      }
      break
    default:
  }
}

/** `ARG name` has the argument of the build, else what an ARG before the first FROM has. */
export const declareArgument = (
  { scope }: { scope: Map<string, string | undefined> },
  word: string,
  { escape, globals, args }: Reading,
): void => {
  const equals = word.indexOf('=')
  const name = equals === -1 ? word : word.slice(0, equals)
  const own = equals === -1 ? undefined : expandWord(word.slice(equals + 1), scope, escape)
  const value = args.has(name) ? args.get(name) : equals === -1 ? globals.get(name) : own
  scope.set(name, value)
}

/** `ENV a=1 b=2`, and the old `ENV a 1`. */
const readPairs = (text: string, escape: string): [string, string][] => {
  const words = splitWords(text, escape)
  const [first = ''] = words
  if (!first.includes('=')) return [[first, text.slice(first.length).trim()]]
  return words.flatMap((word): [string, string][] => {
    const equals = word.indexOf('=')
    return equals < 1 ? [] : [[word.slice(0, equals), word.slice(equals + 1)]]
  })
}

const readPorts = (word: string | undefined, at: Place): StageEvidence['exposes'][number][] => {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/i.exec(word ?? '')
  const protocol = match?.[3]?.toLowerCase() === 'udp' ? 'udp' : 'tcp'
  if (match === null) return [{ ...at, port: undefined, protocol }]
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  const count = Math.min(Math.max(last - first, 0) + 1, portRangeMax)
  return Array.from({ length: count }, (_, index) => ({ ...at, port: first + index, protocol }))
}

const readCopy = (
  stage: OpenStage,
  { at, keyword, flags, text }: Line,
  expand: (word: string) => string | undefined,
  words: readonly string[],
): CopyEvidence => {
  const isHereDocument = (word: string) => /^\d*<<-?["']?[A-Za-z_]/.test(word)
  const sources = words.slice(0, -1).filter((word) => !isHereDocument(word))
  const target = words.length < 2 ? undefined : expand(words.at(-1) ?? '')
  const isJson = readJsonWords(text) !== undefined
  const from = flags.get('from')
  return {
    ...at,
    sources: sources.map((word) => (isJson && !word.includes('$') ? word : expand(word))),
    destination:
      target === undefined || target.startsWith('/') || stage.workdir === undefined
        ? target
        : `${posix.resolve(stage.workdir, target)}${/(?:\/|^\.)$/.test(target) ? '/' : ''}`,
    from: from === undefined ? undefined : (expand(from) ?? from),
    isAdd: keyword === 'ADD',
    hasOptions: flags.has('parents') || flags.has('exclude'),
  }
}

const readCommand = (text: string): { words: readonly string[]; isShell: boolean } => {
  const json = readJsonWords(text)
  return json === undefined
    ? { words: splitWords(text).map(unquoted), isShell: true }
    : { words: json, isShell: false }
}

const unquoted = (word: string): string =>
  /^(["']).*\1$/s.test(word) && word.length > 1 ? word.slice(1, -1) : word

const readTest = (text: string): readonly string[] | 'none' => {
  if (/^none$/i.test(text)) return 'none'
  const rest = text.replace(/^cmd\s+/i, '').trim()
  const json = readJsonWords(rest)
  return json === undefined ? ['CMD-SHELL', rest] : ['CMD', ...json]
}
