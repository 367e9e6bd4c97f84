import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import type { BuildSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import {
  contextDigest,
  isRemoteContext,
  readBuildContext,
  type BuildContext,
} from './build-context.ts'
import { buildKitNeeds, settingsDigest } from './build-settings.ts'
import { runBuildx } from './buildx.ts'
import { label } from './container-labels.ts'
import { reasonOf, type Engine } from './engine.ts'
import { readProgress } from './progress-stream.ts'
import { allCredentials } from './registry-credentials.ts'
import { packFolder } from './tar-stream.ts'

export type ImageBuild = {
  build: BuildSpec
  /** Folder that a relative context starts from. */
  folder: string
  image: string
  service: string
  platform?: string | undefined
  progress: (line: string) => void
}

type BuildDeps = {
  engine: Engine
  clock: Clock
  /** Nobody needs the image any more. */
  signal?: AbortSignal | undefined
}

/** A step without output for so long hangs: a download, a test, a prompt. */
const stallLimitMs = 1_800_000
/** Lines of the build that an error shows. */
const shownLines = 10

/**
 * Builds an image: with the engine's classic builder, which every engine has, and with `docker
 * buildx` where only BuildKit can. Throws AppError('image_build_failed') with the last lines.
 */
export const buildImage = async (deps: BuildDeps, options: ImageBuild): Promise<void> => {
  const { build, image, service, progress } = options
  const refuse = (reason: string, cause?: unknown): AppError => {
    const message = `The image of service ${service} could not be built (${image}): ${reason}`
    return new AppError('image_build_failed', { message }, { cause })
  }
  const context = isRemoteContext(build) ? null : await readBuildContext(build, options.folder)
  if (context?.text === null) {
    throw refuse(`there is no ${resolve(context.folder, build.dockerfile ?? 'Dockerfile')}`)
  }
  const lastLines: string[] = []
  const report = (line: string): void => {
    lastLines.push(line)
    if (lastLines.length > shownLines) lastLines.shift()
    progress(line)
  }
  try {
    const labels = await imageLabels(build, options.folder, deps.clock)
    if (buildKitNeeds(build, context?.text ?? null).length > 0) {
      const place = context?.folder ?? build.context
      const platforms = platformsOf(options)
      const tags = tagsOf(options)
      const run = { build, context: place, tags, labels, platforms }
      await runBuildx(deps, run, report, { stallMs: stallLimitMs, signal: deps.signal })
    } else await buildClassic(deps, options, context, labels, report)
  } catch (error) {
    if (error instanceof AppError && error.code !== 'engine_failed') throw error
    const cause = error instanceof AppError ? error.cause : error
    const reason = cause === undefined ? messageOf(error) : reasonOf(cause)
    throw refuse([reason, ...lastLines].join('\n'), error)
  }
}

const tagsOf = ({ image, build }: ImageBuild): string[] => [image, ...(build.tags ?? [])]

const platformsOf = ({ build, platform }: ImageBuild): readonly string[] =>
  build.platforms ?? (platform === undefined ? [] : [platform])

/** What was built from what is written into the image: a later change is seen by it. */
const imageLabels = async (
  build: BuildSpec,
  folder: string,
  clock: Clock,
): Promise<Record<string, string>> => ({
  ...build.labels,
  [label.buildContext]: (await contextDigest(build, folder, clock)).digest,
  [label.buildSettings]: settingsDigest(build),
})

const buildClassic = async (
  { engine, clock, signal }: BuildDeps,
  options: ImageBuild,
  context: BuildContext | null,
  labels: Record<string, string>,
  report: (line: string) => void,
): Promise<void> => {
  const { build } = options
  const [platform] = platformsOf(options)
  // Types of the client: several of these are lists on the wire.
  const lists = {
    t: tagsOf(options),
    ...(build.extraHosts ? { extrahosts: build.extraHosts } : {}),
  }
  const query = {
    ...(lists as unknown as { t: string; extrahosts?: string }),
    ...(context === null ? { remote: build.context } : {}),
    dockerfile: context?.dockerfile ?? build.dockerfile ?? 'Dockerfile',
    buildargs: build.args,
    labels,
    rm: true,
    forcerm: true,
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.noCache === true ? { nocache: true } : {}),
    ...(build.pull === true ? { pull: true } : {}),
    ...(build.network === undefined ? {} : { networkmode: build.network }),
    ...(build.shmSizeBytes === undefined ? {} : { shmsize: build.shmSizeBytes }),
    ...(build.cacheFrom === undefined ? {} : { cachefrom: JSON.stringify(build.cacheFrom) }),
    ...(platform === undefined ? {} : { platform }),
    ...(build.ulimits === undefined ? {} : { ulimits: ulimitsOf(build.ulimits) }),
    registryconfig: await allCredentials(),
    ...(signal === undefined ? {} : { abortSignal: signal }),
  } satisfies Docker.ImageBuildOptions & { ulimits?: string }
  const archive = Readable.from(
    context === null ? [] : packFolder(context.folder, context.ignored, context.more),
    { objectMode: false },
  )
  try {
    const stream = await engine.call(
      `build ${options.image}`,
      (docker) => docker.buildImage(archive, query),
      stallLimitMs,
    )
    await readProgress(stream, ({ text }) => report(text), { stallMs: stallLimitMs, clock })
  } finally {
    archive.destroy()
  }
}

const ulimitsOf = (ulimits: NonNullable<BuildSpec['ulimits']>): string =>
  JSON.stringify(
    Object.entries(ulimits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard })),
  )
