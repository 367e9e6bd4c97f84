import { randomUUID } from 'node:crypto'
import { link, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, syncFolder, writeDurably } from '../../kernel/postgres/durable-file.ts'

/** Writes a file for the owner only, if there is no such file yet; false when there is one. */
export const writeFirst = async (file: string, text: string): Promise<boolean> => {
  const fresh = `${file}.${randomUUID()}.fresh`
  await writeDurably(fresh, text)
  try {
    await link(fresh, file)
    await syncFolder(dirname(file))
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await unlink(fresh)
  }
}
