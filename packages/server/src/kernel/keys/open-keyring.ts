import { execFile } from 'node:child_process'
import { chmod, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError, messageOf } from '../errors.ts'
import { errnoOf, writeDurably } from '../postgres/durable-file.ts'
import { createKeyring, newKeyLine, parseKeys, type Keyring } from './keyring.ts'

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
export const openKeyring = async (source: KeySource): Promise<Keyring> => {
  const text =
    source.command === undefined ? await fromFile(source) : await fromCommand(source.command)
  const keys = parseKeys(text)
  if (keys !== null) return createKeyring(keys)
  const from = source.command === undefined ? masterKeyFile(source) : 'KEELSON_MASTER_KEY_COMMAND'
  throw unavailable(`${from} yields no keys: a line "<number> <32 bytes in base64url>" each`)
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
