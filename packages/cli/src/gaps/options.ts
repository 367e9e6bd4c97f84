import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { families, rules, type FailOn, type ReportFormat, type Rule } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { usageError } from '../failure.ts'
import { closestTo } from '../suggestion.ts'

export type GapsOptions = {
  format: 'pretty' | ReportFormat
  rule?: readonly string[]
  failOn?: FailOn
  output?: string
  baseline?: string
  writeBaseline?: boolean
  fix?: boolean
  /** Fingerprints, with `fix`. */
  finding?: readonly string[]
  yes?: boolean
  dryRun?: boolean
  live?: boolean
}

/** The folder that is audited, and the rules that are asked for. */
export const readGapsOptions = async (
  { cwd, shared }: Context,
  options: GapsOptions,
  path: string | undefined,
): Promise<{ root: string; chosen: readonly Rule[]; format: GapsOptions['format'] }> => {
  refuseStackOptions(shared)
  const root = resolve(cwd, path ?? '.')
  const found = await stat(root).catch(() => undefined)
  if (found?.isDirectory() !== true) {
    const what = found === undefined ? 'There is no folder' : 'It is not a folder:'
    throw usageError(`${what} ${root}`, 'name the folder of a repository: keelson gaps <path>')
  }
  const isPretty = options.format === 'pretty'
  return {
    root,
    chosen: chooseRules(options.rule ?? []),
    format: shared.json && isPretty ? 'json' : options.format,
  }
}

/** Of all commands, and without a meaning here: taken in silence they would seem to have one. */
const refuseStackOptions = ({ files, projectName, profiles }: Context['shared']): void => {
  const given = [
    ...(files.length > 0 ? ['--file'] : []),
    ...(projectName === undefined ? [] : ['--project-name']),
    ...(profiles.length > 0 ? ['--profile'] : []),
  ]
  if (given.length === 0) return
  throw usageError(
    `gaps reads every compose file of the folder with every profile, and takes no ${given.join(', ')}`,
    'name the folder: keelson gaps <path>',
  )
}

/** Rules by id or family, in the order of the documentation; all when nothing is named. */
export const chooseRules = (named: readonly string[]): readonly Rule[] => {
  if (named.length === 0) return rules
  const wanted = named.flatMap((text) => text.split(',')).map((text) => text.replace(/\/\*?$/, ''))
  const ids: readonly string[] = [...rules.map(({ id }) => id), ...families]
  for (const name of wanted) {
    if (ids.includes(name)) continue
    const near = closestTo(name, ids)
    const hint = near === undefined ? 'keelson gaps rules lists them' : `did you mean ${near}?`
    throw usageError(`There is no rule ${name}`, hint)
  }
  return rules.filter(({ id }) => wanted.some((name) => id === name || id.startsWith(`${name}/`)))
}
