// Keys are files in one folder, made by the service `keys` on the first start.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param {string} folder */
export const openKeys = (folder) => {
  /** @param {string} name of the file, as in `credentials_key` */
  const read = (name) => {
    const path = join(folder, name)
    try {
      return readFileSync(path, 'utf8').trim()
    } catch (cause) {
      throw new Error(`the key ${path} cannot be read: start the service keys first`, { cause })
    }
  }
  return {
    read,
    /** The address of a database; one of our own user without a password gets it. */
    withPassword: (url) => {
      const parsed = URL.parse(url)
      if (parsed === null) throw new Error('DATABASE_URL is not set, or no address')
      if (parsed.username !== 'opsconductor' || parsed.password !== '') return url
      parsed.password = read('postgres_password')
      return parsed.href
    },
  }
}
