import type { ServiceSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { ResourceProgress } from '../runtime.ts'
import { reasonOf, type Engine } from './engine.ts'
import { readProgress, Stalled } from './progress-stream.ts'
import { findCredentials, registryOf } from './registry-credentials.ts'

/** Without a word from the registry for so long a pull has stalled; layers report every second. */
const stallLimitMs = 60_000
/** A registry that is restarted or throttles is back within seconds, or not for a long time. */
const attemptsMax = 3
const pauseMs = 1000

type PullDeps = { engine: Engine; clock: Clock; signal?: AbortSignal | undefined }

/** Pulls an image. Throws AppError('image_unavailable') with the image and who needs it. */
export const pullImage = async (
  { engine, clock, signal }: PullDeps,
  image: string,
  service: ServiceSpec | undefined,
  progress: (progress: ResourceProgress) => void,
  stallMs = stallLimitMs,
): Promise<void> => {
  const who = service === undefined ? '' : ` of service ${service.name}`
  const refuse = (reason: string, cause?: unknown): AppError => {
    const message = `The image${who} cannot be pulled: ${image} (${reason})`
    const hint = isDenied(reason) ? { hint: loginHint(image) } : {}
    return new AppError('image_unavailable', { message }, { cause, ...hint })
  }
  if (service?.container?.pullPolicy === 'never') {
    throw refuse('it is not there, and pull_policy is never')
  }
  const platform = service?.container?.platform
  for (let attempt = 1; ; attempt += 1) {
    try {
      await pullOnce({ engine, clock, signal }, { image, platform, progress, stallMs })
      return
    } catch (error) {
      if (error instanceof AppError && error.code === 'engine_unavailable') throw error
      const cause = error instanceof AppError ? error.cause : error
      const reason = cause === undefined ? messageOf(error) : reasonOf(cause)
      const passes = isTemporary(reason) && !isDenied(reason) && !(cause instanceof Stalled)
      const again = passes && attempt < attemptsMax && signal?.aborted !== true
      if (!again) throw refuse(reason, error)
      progress({ text: `${reason}: tried again (${attempt} of ${attemptsMax - 1})`, share: null })
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, pauseMs * 2 ** attempt)
      })
    }
  }
}

type Pull = {
  image: string
  platform: string | undefined
  progress: (progress: ResourceProgress) => void
  stallMs: number
}

const pullOnce = async (
  { engine, clock, signal }: PullDeps,
  { image, platform, progress, stallMs }: Pull,
): Promise<void> => {
  const abort = new AbortController()
  const options = {
    fromImage: image,
    abortSignal: signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal]),
    ...(platform === undefined ? {} : { platform }),
  }
  const credentials = await findCredentials(image)
  try {
    const stream = await engine.call(
      `pull ${image}`,
      (docker) =>
        credentials === null
          ? docker.createImage(options)
          : docker.createImage(credentials, options),
      stallMs,
    )
    await readProgress(stream, progress, { stallMs, clock })
  } finally {
    abort.abort()
  }
}

const isTemporary = (reason: string): boolean =>
  /timeout|reset by peer|unexpected EOF|\bEOF\b|try again|too many requests|toomanyrequests|\b(429|500|502|503|504)\b|received unexpected HTTP status: 5/i.test(
    reason,
  )

const isDenied = (reason: string): boolean =>
  /unauthorized|denied|authentication required|no basic auth/i.test(reason)

const loginHint = (image: string): string => {
  const registry = registryOf(image)
  const place = registry.startsWith('https:') ? '' : ` ${registry}`
  return `Sign in with: docker login${place}`
}
