import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../../kernel/postgres/durable-file.ts'
import type { GatewayCanary } from '../snapshot.ts'

const fileOf = (folder: string): string => join(folder, 'canaries.json')

/** What was decided on canaries, for a gateway without a database; nothing before the first time. */
export const loadCanaries = async (folder: string): Promise<GatewayCanary[]> => {
  const text = await readFile(fileOf(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'
    throw error
  })
  return JSON.parse(text) as GatewayCanary[]
}

export const keepCanaries = (
  folder: string,
  canaries: readonly GatewayCanary[],
): Promise<void> => writeDurably(fileOf(folder), JSON.stringify(canaries))
