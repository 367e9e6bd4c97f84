import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { MasterKeys } from '@keelson/contract'
import type { Check } from './check.ts'
import type { Context } from '../context.ts'
import { hasCode } from '../platform-file.ts'

const name = 'master key'
const keyLine = /^(\d{1,6}) [A-Za-z0-9_-]{43}$/

/**
 * Where the master keys are, who may read them, and whether they are those of the database: that only a
 * running platform can tell, which holds them against what it was used with.
 */
export const checkMasterKey = async (
  { env, dataFolder }: Pick<Context, 'env' | 'dataFolder'>,
  running: MasterKeys | undefined,
): Promise<Check> => {
  if (running !== undefined && running.fault !== null) {
    const hint = 'Put it back before Keelson stops: it runs on with what it has read'
    return { name, state: 'failed', detail: `the next start would fail: ${running.fault}`, hint }
  }
  if ((env['KEELSON_MASTER_KEY_COMMAND'] ?? '') !== '') return ofCommand(running)
  const named = env['KEELSON_MASTER_KEY_FILE']
  const file = named === undefined || named === '' ? join(dataFolder, 'master.key') : named
  try {
    const { mode } = await stat(file)
    return describe(file, await readFile(file, 'utf8'), mode & 0o777, { dataFolder, running })
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return missing(file, dataFolder)
    const detail = error instanceof Error ? error.message : String(error)
    return { name, state: 'failed', detail, hint: 'Run Keelson as the user that may read it' }
  }
}

const ofCommand = (running: MasterKeys | undefined): Check => {
  const by = 'by KEELSON_MASTER_KEY_COMMAND'
  if (running === undefined) return { name, state: 'skipped', detail: `${by}; asked at the start` }
  return { name, state: 'ok', detail: `${by}, ${inUse(running)}` }
}

const inUse = ({ keys }: MasterKeys): string => {
  const key = keys.find((each) => each.inUse)?.number ?? '?'
  return `key ${key} is in use and that of the database`
}

/** The token is written after the key, so a folder with one and not the other has lost its key. */
const missing = async (file: string, dataFolder: string): Promise<Check> => {
  const wasUsed = await stat(join(dataFolder, 'token')).then(
    () => true,
    () => false,
  )
  if (!wasUsed) {
    return { name, state: 'skipped', detail: `${file} will be made by the first keelson up` }
  }
  const hint = 'Put your copy of it there; without it no second factor and no API token works'
  return { name, state: 'failed', detail: `${file} is gone`, hint }
}

type Known = { dataFolder: string; running: MasterKeys | undefined }

const describe = (file: string, text: string, mode: number, known: Known): Check => {
  const octal = mode.toString(8).padStart(3, '0')
  if ((mode & 0o007) !== 0) {
    const detail = `${file} can be read by everybody (mode ${octal})`
    return { name, state: 'failed', detail, hint: `chmod 600 ${file}` }
  }
  const lines = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
  if (lines.length === 0 || !lines.every((line) => keyLine.test(line))) {
    const hint = 'Put your copy of it there: a line "<number> <key>" for each key'
    return { name, state: 'failed', detail: `${file} does not hold master keys`, hint }
  }
  const numbers = lines.map((line) => Number(line.split(' ')[0]))
  const twice = numbers.find((number, at) => numbers.indexOf(number) !== at)
  if (twice !== undefined) {
    const hint = 'Take out the line that is not of this installation'
    return { name, state: 'failed', detail: `${file} has key ${twice} twice`, hint }
  }
  const isInside = file.startsWith(`${known.dataFolder}/`)
  const place = isInside ? `${file} (mode ${octal}, in the data folder)` : `${file} (mode ${octal})`
  // Not a failure: most people have it there.
  const copy = 'no backup holds it: keep a copy elsewhere'
  if (known.running !== undefined) {
    return { name, state: 'ok', detail: `${place}, ${inUse(known.running)}; ${copy}` }
  }
  // It may be of another installation: what the database was used with is not to be had from here.
  const unknown = 'only a running Keelson can tell whether it is that of the database'
  return { name, state: 'skipped', detail: `${place}, ${lines.length} to use; ${unknown}; ${copy}` }
}
