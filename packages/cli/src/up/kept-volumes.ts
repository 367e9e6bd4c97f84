import { setTimeout as sleep } from 'node:timers/promises'
import { ComposeError } from '@keelson/compose'
import { ProblemError } from '@keelson/sdk'
import { loadFiles } from '../compose-files.ts'
import type { Context } from '../context.ts'
import type { Platform } from '../platform.ts'

/** What an earlier `down` may have kept: volumes, and networks that others used, by their names. */
export type KeptVolumes = { stack: string; resources: string[]; workingDir: string }

/** Undefined without a compose file that can be read, or one that has no containers. */
export const findKeptVolumes = async (context: Context): Promise<KeptVolumes | undefined> => {
  try {
    const { name, services, volumes, networks, workingDir } = await loadFiles(context)
    if (Object.values(services).every(({ runtime }) => runtime === 'process')) return undefined
    const all = [...Object.values(volumes), ...Object.values(networks)]
    const own = all.filter(({ external }) => !external)
    const resources = [`${name}_default`, ...own.map((one) => one.name)]
    return { stack: name, resources, workingDir }
  } catch (error) {
    if (error instanceof ComposeError) return undefined
    throw error
  }
}

/** False when there were none. */
export const removeKeptVolumes = async (
  platform: Platform,
  { stack, resources, workingDir }: KeptVolumes,
): Promise<boolean> => {
  try {
    const query = { volumes: true, resources: resources.join(','), workingDir }
    await platform.call('removeStack', { params: { stack }, query })
    return true
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'stack_not_found') return false
    throw error
  }
}

const tries = 60
const betweenMs = 50

/**
 * Removes a stack and answers with what the timeline says of it when others still use a part. An
 * entry is there a moment after the answer; without one in three seconds nothing is told.
 */
export const toldOfRemoval = async (
  platform: Platform,
  stack: string,
  remove: () => Promise<boolean>,
): Promise<{ removed: boolean; told: string | undefined }> => {
  const entries = async () => {
    const { items } = await platform.call('getTimeline', { query: { stack, limit: 50 } })
    return items.filter(({ type, subject }) => type === 'stack.removed' && subject === stack)
  }
  const before = new Set((await entries()).map(({ position }) => position))
  const removed = await remove()
  for (let tried = 0; removed && tried < tries; tried++) {
    const entry = (await entries()).find(({ position }) => !before.has(position))
    if (entry !== undefined) {
      return { removed, told: entry.text.includes('; left,') ? entry.text : undefined }
    }
    await sleep(betweenMs)
  }
  return { removed, told: undefined }
}
