import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { SourceFile } from '@keelson/contract'

/** The platform takes so many (StackSpec.sources); a loader that read more has still read them. */
const sourcesMax = 1000

/** Every file a stack was read from with its SHA-256, so that a later change is seen. */
export const readSources = async (files: readonly string[]): Promise<SourceFile[]> => {
  const sources: SourceFile[] = []
  for (const path of files.slice(0, sourcesMax)) {
    const sha256 = await digestOf(path)
    if (sha256 !== undefined) sources.push({ path, sha256 })
  }
  return sources
}

/** Undefined for a file that went away since it was read: that is told when it is read again. */
const digestOf = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch {
    return undefined
  }
}
