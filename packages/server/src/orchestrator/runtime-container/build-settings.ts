import { resolve } from 'node:path'
import type { BuildSpec, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { digestOf } from '../../kernel/digest.ts'
import { originOf } from './api-support.ts'
import { isRemoteContext, readBuildContext } from './build-context.ts'
import { hasBuildx } from './buildx.ts'
import type { Engine } from './engine.ts'

/** How an image is built, apart from the files it is built from. */
export const settingsDigest = ({ context: _context, ...settings }: BuildSpec): string =>
  digestOf(settings)

/** What of a build only BuildKit can do, as people write it; empty when every builder can. */
export const buildKitNeeds = (build: BuildSpec, dockerfile: string | null): string[] => {
  const fields: [string, boolean][] = [
    ['build.secrets', Object.keys(build.secrets ?? {}).length > 0],
    ['build.ssh', (build.ssh ?? []).length > 0],
    ['build.additional_contexts', Object.keys(build.additionalContexts ?? {}).length > 0],
    ['build.cache_to', (build.cacheTo ?? []).length > 0],
    ['build.privileged', build.privileged === true],
    ['build.platforms', (build.platforms ?? []).length > 1],
  ]
  return [
    ...fields.filter(([, needed]) => needed).map(([name]) => name),
    ...instructionsOf(dockerfile ?? '').flatMap(needOfInstruction),
  ]
}

/** Instructions with their continued lines; comments are left out. */
const instructionsOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\s*\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())

const needOfInstruction = (line: string): string[] => {
  const [, name = '', rest = ''] = /^(RUN|COPY|ADD)\s+(.*)$/i.exec(line) ?? []
  const option = /^--(mount|network|security|link|parents|exclude|chmod|checksum)\b/.exec(rest)?.[1]
  if (option !== undefined) return [`${name.toUpperCase()} --${option}`]
  const isHereDoc = name !== '' && /(^|\s)\d*<<-?["']?[A-Za-z_]/.test(rest)
  return isHereDoc ? [`${name.toUpperCase()} with a here-document`] : []
}

/**
 * Refuses a build that nothing on this machine can do, before anything is made.
 * Throws AppError('stack_invalid') with its place.
 */
export const refuseUnbuildable = async (
  engine: Engine,
  service: ServiceSpec,
  stack: StackSpec,
): Promise<void> => {
  const build = service.container?.build
  if (build === undefined) return
  const refuse = (message: string, hint: string): AppError => {
    const origin = originOf(service, 'build')
    const error = { message, hint, ...(origin === undefined ? {} : { origin }) }
    return new AppError('stack_invalid', { message }, { hint, errors: [error] })
  }
  const read = isRemoteContext(build) ? null : readBuildContext(build, stack.workingDir)
  const context = await read?.catch((error: unknown) => {
    const { hint } = error instanceof AppError ? error : { hint: 'Correct build: in its file.' }
    throw refuse(`The image of service ${service.name} cannot be built: ${messageOf(error)}`, hint)
  })
  if (context?.text === null) {
    const message = `The image of service ${service.name} cannot be built: there is no ${resolve(context.folder, build.dockerfile ?? 'Dockerfile')}`
    throw refuse(message, 'Correct build: in the compose file, or write a Dockerfile there.')
  }
  const needs = buildKitNeeds(build, context?.text ?? null)
  if (needs.length === 0 || (await hasBuildx(engine))) return
  const message = `The image of service ${service.name} needs BuildKit (${needs.join(', ')}), and docker buildx is not installed`
  throw refuse(message, 'Install the buildx plugin of Docker, or leave out what needs it.')
}
