import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../../kernel/errors.ts'
import { joinPieces } from '../../config/pieces.ts'
import type { readGatewayConfig, ReadGatewayConfig } from '../../config/read.ts'
import { inSlices } from '../../slices.ts'
import { carryPlugins, type CarriedPlugin } from './carried-plugins.ts'

type Source = Parameters<typeof readGatewayConfig>[0]
type Options = Parameters<typeof readGatewayConfig>[1]

export type ReadOrder = Pick<Options, 'environment'> & {
  source: Source
  carried: readonly CarriedPlugin[]
}
export type ReadResult = Omit<ReadGatewayConfig, 'config'> & { pieces: readonly string[] }

/** A file of 64 MB, the largest that is read, needs less. */
const heapMostMb = 2048

/**
 * `readGatewayConfig` in a thread of its own: whoever serves requests meanwhile is held up for some
 * milliseconds at a time instead of half a second. Rejects when the thread ends before it has
 * answered; nothing else ends with it.
 */
export const readApart = async (
  source: Source,
  { environment, plugins }: Options,
  heapMb = heapMostMb,
): Promise<ReadGatewayConfig> => {
  const order: ReadOrder = { source, environment, carried: carryPlugins(plugins) }
  const thread = new Worker(new URL('thread.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  })
  const { pieces, ...rest } = await answerOf(thread, source.file, heapMb)
  return { ...rest, config: await inSlices(joinPieces(pieces)) }
}

const answerOf = async (thread: Worker, file: string, heapMb: number): Promise<ReadResult> => {
  const ended = new AbortController()
  thread.once('exit', () => ended.abort())
  try {
    const [result] = (await once(thread, 'message', { signal: ended.signal })) as [ReadResult]
    return result
  } catch (cause) {
    const reason = isOutOfMemory(cause)
      ? `it needs more than ${heapMb} MB of memory`
      : `what reads it has failed: ${messageOf(cause)}`
    throw new Error(`${file} cannot be read: ${reason}`, { cause })
  } finally {
    await thread.terminate()
  }
}

const isOutOfMemory = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
