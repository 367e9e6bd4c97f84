import type { Clock } from '../../kernel/clock.ts'
import type { ResourceProgress } from '../runtime.ts'

/** One object of the progress of a pull or build. */
type Step = {
  stream?: string
  status?: string
  id?: string
  error?: string
  progressDetail?: { current?: number; total?: number }
}

/** More in one line is no progress of anything. */
const lineLimit = 4 * 1024 * 1024

/**
 * Reads the progress of a pull or build: JSON objects, one a line. Each step goes to `progress`; an
 * error in the stream, and silence for `stallMs`, are thrown.
 */
export const readProgress = async (
  stream: NodeJS.ReadableStream,
  progress: (progress: ResourceProgress) => void,
  { stallMs, clock }: { stallMs: number; clock: Clock },
): Promise<void> => {
  const iterator = stream[Symbol.asyncIterator]()
  const layers = createLayers()
  let rest = ''
  try {
    for (;;) {
      const chunk = await nextWithin(iterator, stallMs, clock)
      if (chunk.done === true) return
      const lines = `${rest}${String(chunk.value)}`.split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > lineLimit) throw new Error('a line of progress without an end')
      for (const line of lines) readStep(line, layers, progress)
    }
  } finally {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
  }
}

const readStep = (
  line: string,
  layers: Layers,
  progress: (progress: ResourceProgress) => void,
): void => {
  if (line.trim() === '') return
  const step = JSON.parse(line) as Step
  if (step.error !== undefined) throw new Error(step.error)
  const share = layers.take(step)
  // Bars come several times a second: only what moves by a hundredth is told.
  if (step.progressDetail?.total !== undefined && !layers.moved()) return
  const text = step.stream ?? [step.id, step.status].filter(Boolean).join(': ')
  for (const part of text.split('\n')) {
    if (part.trim() !== '') progress({ text: part.trimEnd(), share })
  }
}

type Layers = { take(step: Step): number | null; moved(): boolean }

/** Downloading is most of the way of a layer, unpacking the rest. */
const downloadShare = 0.7

/** Share of all layers of a pull that is done. It never falls, also when layers become known late. */
const createLayers = (): Layers => {
  const done = new Map<string, number>()
  let share = 0
  let told = 0
  return {
    take: ({ id, status, progressDetail }) => {
      const part = id === undefined ? null : partOf(status ?? '', progressDetail)
      if (id === undefined || part === null) return done.size === 0 ? null : share
      done.set(id, Math.max(part, done.get(id) ?? 0))
      const sum = [...done.values()].reduce((total, one) => total + one, 0)
      share = Math.max(share, sum / done.size)
      return share
    },
    moved: () => {
      if (share - told < 0.01) return false
      told = share
      return true
    },
  }
}

const partOf = (status: string, detail: Step['progressDetail']): number | null => {
  const ratio = Math.min(1, (detail?.current ?? 0) / Math.max(1, detail?.total ?? 1))
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return 0
    case 'Downloading':
      return downloadShare * ratio
    case 'Verifying Checksum':
    case 'Download complete':
      return downloadShare
    case 'Extracting':
      return downloadShare + (1 - downloadShare) * ratio
    case 'Pull complete':
    case 'Already exists':
      return 1
    default:
      return null
  }
}

/** Nothing came for so long. */
export class Stalled extends Error {}

const nextWithin = async <T>(
  iterator: AsyncIterator<T>,
  limitMs: number,
  clock: Clock,
): Promise<IteratorResult<T>> => {
  const late = Promise.withResolvers<never>()
  const timer = clock.setTimer(
    () => late.reject(new Stalled(`no progress for ${limitMs} ms`)),
    limitMs,
  )
  try {
    return await Promise.race([iterator.next(), late.promise])
  } finally {
    timer.cancel()
  }
}
