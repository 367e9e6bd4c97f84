import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.ts'

export type Handler<Options> = (
  context: Context,
  options: Options,
  operands: readonly string[],
) => Promise<number>

/** A command with the options all commands share. */
export type Add = (
  name: string,
  description: string,
  fileFlags?: string,
  parent?: Command,
) => Command

export type Handle = <Options>(
  load: () => Promise<Handler<Options>>,
) => (...given: unknown[]) => Promise<void>

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

export const addShared = (command: Command, fileFlags: string): Command =>
  command
    .option(fileFlags, 'compose file (repeatable)', collect)
    .option('-p, --project-name <name>', 'name of the stack')
    .option('--stack <name>', 'the same as --project-name')
    .option('--profile <name>', 'switch a profile on (repeatable)', collect)
    .option('--json', 'output for programs')
    .option('-q, --quiet', 'errors only')
    .option('--no-color', 'no colours')

/** Of commands that read compose files. */
export const addFileOptions = (command: Command): Command =>
  command
    .option('--env-file <path>', 'variables of the files, instead of .env (repeatable)', collect)
    .option('--project-directory <path>', 'what relative paths are relative to')

export const parseSeconds = (text: string): number => {
  const seconds = Number(text)
  if (!/^\d{1,6}(\.\d+)?$/.test(text) || seconds <= 0) {
    throw new InvalidArgumentError('It must be a number of seconds above 0.')
  }
  return seconds
}

export const parseLines = (text: string): number => {
  if (text === 'all') return Infinity
  if (!/^\d{1,9}$/.test(text))
    throw new InvalidArgumentError('It must be a number of lines, or all.')
  return Number(text)
}

export const parseCount = (text: string): number => {
  if (!/^\d{1,6}$/.test(text) || Number(text) < 1) {
    throw new InvalidArgumentError('It must be a whole number above 0.')
  }
  return Number(text)
}

export const parseMinutes = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number of minutes, or 0.')
  }
  return Number(text)
}

/** `NAME=VALUE` of what is no variable: a name alone says too little, and never comes from this shell. */
export const collectPairs = (value: string, before: readonly Pair[] = []): Pair[] => {
  const [, name, given] = /^([^=]+)=(.*)$/s.exec(value) ?? []
  if (name === undefined || given === undefined) {
    throw new InvalidArgumentError('It must be NAME=VALUE.')
  }
  return [...before, [name, given]]
}

/** As `collectPairs`; a group may be called `cn=ops,dc=example`, and no role has a `=`. */
export const collectGroups = (value: string, before: readonly Pair[] = []): Pair[] => {
  const [, group, role] = /^(.+)=([^=]+)$/s.exec(value) ?? []
  if (group === undefined || role === undefined) {
    throw new InvalidArgumentError('It must be GROUP=ROLE, a NAME=VALUE.')
  }
  return [...before, [group, role]]
}

export type Pair = readonly [name: string, value: string]

/** `KEY=value`; a name alone takes its value from this shell. */
export const collectVariables = (value: string, before: Record<string, string> = {}) => {
  const [name = '', ...rest] = value.split('=')
  if (name === '') throw new InvalidArgumentError('It must be NAME=value, or NAME.')
  const given = value.includes('=') ? rest.join('=') : process.env[name]
  return given === undefined ? before : { ...before, [name]: given }
}

/** `web=3` */
export const collectScales = (value: string, before: Record<string, number> = {}) => {
  const [, name, replicas] = /^([^=]+)=(\d+)$/.exec(value) ?? []
  if (name === undefined || replicas === undefined) {
    throw new InvalidArgumentError('It must be <service>=<number>.')
  }
  if (Number(replicas) > 100) {
    throw new InvalidArgumentError(
      `A service has at most 100 instances, and ${name} is to have ${replicas}.`,
    )
  }
  return { ...before, [name]: Number(replicas) }
}

/** When: a time (RFC 3339), or how long ago (`10m`, `1h30m`). */
export const parseSince = (text: string): Date => {
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)
  if (text !== '' && parts !== null) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts
      .slice(1)
      .map((part) => Number(part ?? 0))
    return new Date(Date.now() - (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
  }
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) {
    throw new InvalidArgumentError(
      'It must be a time (2026-01-31T12:00:00Z) or an age (10m, 1h30m).',
    )
  }
  return at
}
