import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TokenSet } from '@keelson/sdk'
import { hasCode } from '../platform-file.ts'

/** As whom this machine's user works, and where; written by `keelson login`. */
export type Login = {
  /** Of a platform elsewhere; null: of the platform of this data folder. */
  url: string | null
  /** How the command line called itself when it was approved. */
  client: string
  /** An API token, or tokens that renew themselves. */
  credential: { kind: 'token'; token: string } | { kind: 'person'; tokens: TokenSet }
}

const fileOf = (dataFolder: string): string => join(dataFolder, 'login.json')

/** Undefined when nobody is signed in, and for what a crash left of a file. */
export const readLogin = async (dataFolder: string): Promise<Login | undefined> => {
  try {
    const parsed: unknown = JSON.parse(await readFile(fileOf(dataFolder), 'utf8'))
    return isLogin(parsed) ? parsed : undefined
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

const isLogin = (value: unknown): value is Login =>
  typeof value === 'object' &&
  value !== null &&
  'client' in value &&
  'credential' in value &&
  typeof value.credential === 'object'

/** Durable when it resolves; others see the former one or this one, and nobody else can read it. */
export const writeLogin = async (dataFolder: string, login: Login | undefined): Promise<void> => {
  const file = fileOf(dataFolder)
  if (login === undefined) return rm(file, { force: true })
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(login, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
}
