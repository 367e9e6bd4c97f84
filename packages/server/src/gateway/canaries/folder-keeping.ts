import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../../kernel/postgres/durable-file.ts'
import type { GatewayCanary } from '../snapshot.ts'

/** Of splits that are no more, too: those that were told last. */
const keptMost = 1000

const fileOf = (folder: string): string => join(folder, 'canaries.json')

/** What was decided on canaries, for a gateway without a database; nothing before the first time. */
export const loadCanaries = async (folder: string): Promise<GatewayCanary[]> => {
  const text = await readFile(fileOf(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'
    throw error
  })
  return JSON.parse(text) as GatewayCanary[]
}

/** Those of other files that are served from this folder stay. */
export const keepCanaries = async (
  folder: string,
  canaries: readonly GatewayCanary[],
): Promise<void> => {
  const told = new Set(canaries.map(keyOf))
  const others = (await loadCanaries(folder)).filter((canary) => !told.has(keyOf(canary)))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeDurably(fileOf(folder), JSON.stringify([...others, ...canaries].slice(-keptMost)))
}

const keyOf = ({ manager, service, split }: GatewayCanary): string =>
  `${manager} ${service} ${split}`
