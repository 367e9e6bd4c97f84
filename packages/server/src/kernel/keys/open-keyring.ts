import { execFile } from 'node:child_process'
import { chmod, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError, messageOf } from '../errors.ts'
import { errnoOf, removeDrafts, writeDurably } from '../postgres/durable-file.ts'
import { createKeyring, newKeyLine, parseKeys, type OwnKeyring } from './keyring.ts'

export type KeySource = {
  /** Made there on first start, unless one of the others is given. */
  dataDir: string
  file: string | undefined
  /** Run by sh; its standard output is what a file would hold. */
  command: string | undefined
}

const commandTimeoutMs = 15_000
const outputMaxBytes = 64 * 1024
const fileName = 'master.key'

export const masterKeyFile = ({ dataDir, file }: Pick<KeySource, 'dataDir' | 'file'>): string =>
  file ?? join(dataDir, fileName)

/**
 * The keyring of this installation. Only the file in the data folder is made when it is not there;
 * a file or command that somebody names must yield keys. Throws AppError `master_key_unavailable`.
 */
export const openKeyring = async (source: KeySource): Promise<OwnKeyring> => {
  const text =
    source.command === undefined ? await fromFile(source) : await fromCommand(source.command)
  return createKeyring(keysIn(text, source))
}

/** What file or command yield now; nothing is made. Throws AppError `master_key_unavailable`. */
export const readKeys = async (source: KeySource): Promise<ReadonlyMap<number, Buffer>> => {
  const { command } = source
  const text = command === undefined ? await readKeyFile(source) : await fromCommand(command)
  return keysIn(text, source)
}

const keysIn = (text: string, source: KeySource): ReadonlyMap<number, Buffer> => {
  const keys = parseKeys(text)
  if (keys !== null) return keys
  const from = source.command === undefined ? masterKeyFile(source) : 'KEELSON_MASTER_KEY_COMMAND'
  throw unavailable(`${from} yields no keys: a line "<number> <32 bytes in base64url>" each`)
}

/**
 * At the start of the platform: what a rotation left that was killed holds all keys. A folder that
 * cannot be read or written has none, as no rotation can write there.
 */
export const removeKeyDrafts = async (source: KeySource): Promise<void> => {
  if (source.command !== undefined) return
  try {
    await removeDrafts(await realpath(masterKeyFile(source)))
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS'].includes(errnoOf(error) ?? '')) throw error
  }
}

/** Writes one more key into the file. Throws AppError `master_key_unavailable`. */
export const addKey = (source: KeySource, number: number): Promise<void> =>
  rewrite(source, (text) => {
    const line = newKeyLine(number)
    return text.endsWith('\n') ? text + line : `${text}\n${line}`
  })

/** Takes a key out of the file; comments stay. Throws AppError `master_key_unavailable`. */
export const removeKey = (source: KeySource, number: number): Promise<void> =>
  rewrite(source, (text) => {
    const lines = text.split('\n')
    return lines.filter((line) => !line.trim().startsWith(`${number} `)).join('\n')
  })

/** After a crash the file is as before or as after. A link is followed; mode and owner stay. */
const rewrite = async (source: KeySource, change: (text: string) => string): Promise<void> => {
  const text = await readKeyFile(source)
  try {
    const path = await realpath(masterKeyFile(source))
    const { mode, uid, gid } = await stat(path)
    const owner = process.getuid?.() === uid ? undefined : { uid, gid }
    await writeDurably(path, change(text), { mode: mode & 0o777, owner })
  } catch (error) {
    const message = `${masterKeyFile(source)} cannot be written: ${messageOf(error)}`
    const hint = 'Change its lines by hand, as docs/identity.md says.'
    throw new AppError('master_key_unavailable', { message }, { cause: error, hint })
  }
}

const readKeyFile = async (source: KeySource): Promise<string> => {
  try {
    return await readFile(masterKeyFile(source), 'utf8')
  } catch (error) {
    throw unavailable(`${masterKeyFile(source)}: ${messageOf(error)}`, error)
  }
}

const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError('master_key_unavailable', { message }, { cause })

const fromCommand = async (command: string): Promise<string> => {
  const limits = { timeout: commandTimeoutMs, maxBuffer: outputMaxBytes }
  const run = promisify(execFile)('/bin/sh', ['-c', command], limits)
  try {
    return (await run).stdout
  } catch (error) {
    // Neither its words nor its output: they may hold the key.
    const { code, killed } = error as { code?: number | string; killed?: boolean }
    const how = killed === true ? 'took longer than 15 s' : `ended with ${code ?? 'a signal'}`
    throw unavailable(`KEELSON_MASTER_KEY_COMMAND ${how}`)
  }
}

const fromFile = async (source: KeySource): Promise<string> => {
  const path = masterKeyFile(source)
  try {
    const text = await readFile(path, 'utf8')
    const { mode } = await stat(path)
    // A copy or a restored backup may have let others read ours; somebody's own file is theirs.
    if (source.file === undefined && (mode & 0o077) !== 0) await chmod(path, 0o600)
    else if ((mode & 0o007) !== 0) throw unavailable(`${path} can be read by everybody: chmod 600`)
    return text
  } catch (error) {
    if (error instanceof AppError) throw error
    if (source.file !== undefined || errnoOf(error) !== 'ENOENT') {
      throw unavailable(`${path}: ${messageOf(error)}`, error)
    }
  }
  // The lock of the data folder lets one process be here.
  const made = newKeyLine(1)
  await writeDurably(path, made)
  return made
}
