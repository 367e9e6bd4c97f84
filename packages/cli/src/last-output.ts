import { ProblemError } from '@keelson/contract'
import type { Platform } from './platform.ts'
import { oneLine } from './text.ts'

const linesMax = 8

/**
 * The last lines a service has written, safe for a terminal: mostly they say why it ended. Empty
 * when it has written nothing, or nobody may read it; the reason it stands beside is worth more.
 */
export const readLastOutput = async (platform: Platform, id: string): Promise<string[]> => {
  try {
    const params = { name: id }
    const page = await platform.call('getServiceLogs', { params, query: { limit: linesMax } })
    return page.items.filter(({ stream }) => stream !== 'keelson').map(({ text }) => oneLine(text))
  } catch (error) {
    if (error instanceof ProblemError) return []
    throw error
  }
}
