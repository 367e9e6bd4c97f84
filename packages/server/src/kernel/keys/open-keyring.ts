import { spawn } from 'node:child_process'
import { chmod, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf } from '../errors.ts'
import { errnoOf, removeDrafts, writeDurably } from '../postgres/durable-file.ts'
import { createKeyring, newKeyLine, readKeyLines, type OwnKeyring } from './keyring.ts'

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
 * The keyring of this installation. Only the file in the data folder is made when it is not there, and
 * only for a database that has not seen a key: any other one would be in the way of the lost one. A file
 * or command that somebody names must yield keys. Throws AppError `master_key_unavailable`.
 */
export const openKeyring = async (
  source: KeySource,
  database: { hasSeenKeys: boolean },
): Promise<OwnKeyring> => {
  const text =
    source.command === undefined
      ? await fromFile(source, database)
      : await fromCommand(source.command)
  return createKeyring(keysIn(text, source))
}

/** What file or command yield now; nothing is made. Throws AppError `master_key_unavailable`. */
export const readKeys = async (source: KeySource): Promise<ReadonlyMap<number, Buffer>> => {
  const { command } = source
  const text = command === undefined ? await readKeyFile(source) : await fromCommand(command)
  return keysIn(text, source)
}

const keysIn = (text: string, source: KeySource): ReadonlyMap<number, Buffer> => {
  const keys = readKeyLines(text)
  if (!('fault' in keys)) return keys
  const from = source.command === undefined ? masterKeyFile(source) : 'KEELSON_MASTER_KEY_COMMAND'
  throw unavailable(`${from} yields no keys: ${keys.fault}`)
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

const fromCommand = (command: string): Promise<string> => {
  // In a group of its own, to be ended with all that the shell has started.
  const child = spawn('/bin/sh', ['-c', command], {
    ...{ detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
  })
  let end: string | undefined
  const endGroup = (why: string): void => {
    end ??= why
    killGroup(child.pid)
    child.stdout.destroy() // one that has left the group may still hold it
  }
  const timer = setTimeout(() => endGroup('took longer than 15 s'), commandTimeoutMs)
  const parts: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (part: Buffer) => {
    bytes += part.length
    if (bytes > outputMaxBytes) endGroup('printed more than 64 KiB')
    else parts.push(part)
  })
  return new Promise((resolve, reject) => {
    const refuse = (how: string): void => {
      clearTimeout(timer)
      reject(unavailable(`KEELSON_MASTER_KEY_COMMAND ${how}`))
    }
    child.once('error', () => refuse('cannot be started'))
    child.once('close', (code) => {
      // Neither its words nor its output: they may hold the key.
      if (end !== undefined || code !== 0) return refuse(end ?? `ended with ${code ?? 'a signal'}`)
      clearTimeout(timer)
      resolve(Buffer.concat(parts).toString('utf8'))
    })
  })
}

const killGroup = (leader: number | undefined): void => {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

const fromFile = async (source: KeySource, database: { hasSeenKeys: boolean }): Promise<string> => {
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
  if (database.hasSeenKeys) {
    const message = `There is no master key at ${path}, and the database was used with one`
    const hint = 'Put your copy of it there; a new one would open nothing that the lost one sealed.'
    throw new AppError('master_key_unavailable', { message }, { hint })
  }
  // The lock of the data folder lets one process be here.
  const made = newKeyLine(1)
  await writeDurably(path, made)
  return made
}
