import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * One JSON document in a folder: read at the start, replaced in one step at each save, so that a
 * crash leaves the old one or the new one.
 *
 * @template T
 * @param {string} folder made when it is not there
 * @param {string} name
 * @param {T} empty what it holds before the first save
 * @returns {{ value: T, save: () => void }}
 */
export const openFileStore = (folder, name, empty) => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  const store = {
    value: readStored(file) ?? empty,
    save: () => {
      writeFileSync(`${file}.new`, JSON.stringify(store.value), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
  return store
}

const readStored = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw new Error(`${file} cannot be read: ${error.message}`, { cause: error })
  }
}
