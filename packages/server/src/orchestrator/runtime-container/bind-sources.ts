import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { ProblemDetail, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { originOf } from './api-support.ts'
import { engineAddress } from './engine-address.ts'
import type { Engine } from './engine.ts'

/**
 * Refuses binds whose source is not there and is not to be made: the engine says so when networks
 * and a part of the stack are made. Throws AppError('stack_invalid') with every one and its place.
 */
export const refuseMissingBinds = async (
  engine: Engine,
  stack: Pick<StackSpec, 'services' | 'workingDir'>,
): Promise<void> => {
  const errors = await missingBinds(stack)
  const [first] = errors
  if (first === undefined || !(await seesOurFiles(engine))) return
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw new AppError(
    'stack_invalid',
    { message: `${first.message}${more}` },
    { hint: first.hint ?? '', errors },
  )
}

/** The same where no engine is asked yet: only where its files are ours for certain. */
export const bindFaultsWithoutEngine = async (
  stack: StackSpec,
  isInContainer = existsSync('/.dockerenv'),
): Promise<ProblemDetail[]> => {
  if (process.platform !== 'linux' || isInContainer) return []
  try {
    if (engineAddress(undefined).way.kind !== 'unix') return []
  } catch {
    return [] // what is wrong with the address is told when it is needed
  }
  return missingBinds(stack)
}

const missingBinds = async ({
  services,
  workingDir,
}: Pick<StackSpec, 'services' | 'workingDir'>): Promise<ProblemDetail[]> =>
  (await Promise.all(services.map((spec) => missingOf(spec, workingDir)))).flat()

const missingOf = async (spec: ServiceSpec, stackDir: string): Promise<ProblemDetail[]> => {
  if (spec.replicas === 0) return []
  const faults: ProblemDetail[] = []
  for (const [at, mount] of (spec.container?.mounts ?? []).entries()) {
    if (mount.kind !== 'bind' || mount.createHostPath !== false) continue
    const path = resolve(stackDir, mount.source ?? '')
    if (!(await isMissing(path))) continue
    const origin = originOf(spec, `volumes.${at}.source`)
    faults.push({
      message: `${path} does not exist, and service ${spec.name} mounts it at ${mount.target}`,
      hint: 'Create it, correct source: in the file, or let it be made: bind: { create_host_path: true }',
      ...(origin === undefined ? {} : { origin }),
    })
  }
  return faults
}

/** Of what may not be looked at nothing is known. */
const isMissing = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT' || error.code === 'ENOTDIR',
  )

/** A socket may lead out of a container, or into a virtual machine: other files are there. */
const seesOurFiles = async (engine: Engine): Promise<boolean> => {
  if (engine.remoteHost !== null || !engine.address.startsWith('unix:')) return false
  const info = (await engine.call('tell about itself', (docker) => docker.info())) as {
    Name?: string
  }
  return info.Name === hostname()
}
