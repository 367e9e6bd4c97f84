import { setTimeout as wait } from 'node:timers/promises'
import { ProblemError } from '@keelson/sdk'
import type { Platform } from './platform.ts'
import { oneLine } from './text.ts'

const linesMax = 8
/** The end of an instance is told before the last of what it wrote is read. */
const tries = 4
const againMs = 200

/**
 * The last lines a service has written, safe for a terminal: mostly they say why it ended. Empty
 * when it has written nothing, or nobody may read it; the reason it stands beside is worth more.
 */
export const readLastOutput = async (platform: Platform, id: string): Promise<string[]> => {
  for (let left = tries; left > 0; left -= 1) {
    const lines = await readLines(platform, id)
    if (lines.length > 0) return lines
    if (left > 1) await wait(againMs)
  }
  return []
}

const readLines = async (platform: Platform, id: string): Promise<string[]> => {
  try {
    const params = { name: id }
    const page = await platform.call('getServiceLogs', { params, query: { limit: linesMax } })
    return page.items.filter(({ stream }) => stream !== 'keelson').map(({ text }) => oneLine(text))
  } catch (error) {
    if (error instanceof ProblemError) return []
    throw error
  }
}
