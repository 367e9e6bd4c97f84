import { randomBytes } from 'node:crypto'
import { chmod, link, readFile, unlink, writeFile } from 'node:fs/promises'
import { Secret } from '../kernel/log.ts'

/**
 * The token by which the CLI of this machine's user is known; made on first use, mode 600. A file
 * that holds no token is made anew; the lock of the data folder lets one process do that at once.
 */
export const loadLocalToken = async (file: string): Promise<Secret> => {
  const known = await readToken(file)
  if (known !== undefined) return known
  // Written aside and linked: whoever starts at the same time reads a whole token or none, and
  // `link` never replaces the one that another has begun to use.
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true })
  try {
    const wasTaken = await link(draft, file).then(() => false, isTaken)
    if (wasTaken && (await readToken(file)) === undefined) {
      await unlink(file)
      await link(draft, file)
    }
  } finally {
    await unlink(draft)
  }
  const made = await readToken(file)
  if (made === undefined) throw new Error(`the local token cannot be read from ${file}`)
  return made
}

const isTaken = (error: NodeJS.ErrnoException): true => {
  if (error.code !== 'EEXIST') throw error
  return true
}

const readToken = async (file: string): Promise<Secret | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!/^[A-Za-z0-9_-]{43}$/.test(text.trim())) return undefined
  await chmod(file, 0o600) // a copy or a restored backup may have let others read it
  return new Secret(text.trim())
}
