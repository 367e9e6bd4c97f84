import type { PlanAction, StackSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import { withoutSecrets } from './environment.ts'
import { originOf } from './change-origins.ts'
import type { PlanProgress } from './progress.ts'
import type { MissingResource, ResourceProgress, Runtime } from '../runtime.ts'

type PrepareDeps = {
  db: Db
  events: Events
  clock: Clock
  log: Log
  containers: Runtime
  progress: PlanProgress
}

/** More at once only share the same line. */
const imagesAtOnce = 3

const isImage = ({ kind }: MissingResource): boolean =>
  kind === 'pull_image' || kind === 'build_image'

const actionIdOf = ({ kind, subject }: Pick<PlanAction, 'kind' | 'subject'>): string =>
  `${kind}:${subject}`

/** Makes what has to be there before instances can start: images, networks, volumes. */
export const createPrepare = (deps: PrepareDeps) => {
  const { log, containers, progress } = deps

  const create = async (
    stack: StackSpec,
    resource: MissingResource,
    signal?: AbortSignal,
  ): Promise<void> => {
    const { kind, subject } = resource
    const id = actionIdOf(resource)
    log.info({ stack: stack.name, kind, subject }, 'preparing')
    progress.tell(stack.name, id, { state: 'running', text: '', share: null })
    try {
      const report = ({ text, share }: ResourceProgress): void =>
        progress.tell(stack.name, id, {
          ...{ state: 'running', share },
          text: maskedText(stack, resource, text),
        })
      await containers.resources?.create(stack, resource, report, signal)
    } catch (error) {
      throw await explain(stack, resource, error)
    }
    progress.tell(stack.name, id, { state: 'done', text: '', share: 1 })
  }

  /** A refusal gets the place in the file that asks for it, and is told to everyone. */
  const explain = async (stack: StackSpec, resource: MissingResource, error: unknown) => {
    if (!(error instanceof AppError)) return error
    const { code, details, hint } = error
    const message = maskedText(stack, resource, error.message)
    progress.tell(stack.name, actionIdOf(resource), { state: 'failed', text: message, share: null })
    await announce(stack, resource, message).catch((cause: unknown) =>
      log.warn({ stack: stack.name, err: cause }, 'failure could not be recorded'),
    )
    const service = serviceOf(stack, resource)
    const path = resource.kind === 'build_image' ? 'build' : 'image'
    const origin = service === undefined ? undefined : originOf(service, path)
    if (origin === undefined) return new AppError(code, { ...details, message }, { hint })
    return new AppError(
      code,
      { ...details, message },
      { cause: error, hint, errors: [{ message, hint, origin }] },
    )
  }

  const announce = (stack: StackSpec, resource: MissingResource, reason: string): Promise<void> =>
    deps.db.transaction((tx) =>
      deps.events.publish(tx, {
        type: 'action.failed',
        subject: resource.service === undefined ? stack.name : `${stack.name}/${resource.service}`,
        at: deps.clock.now(),
        payload: {
          ...{ stack: stack.name, action: resource.kind, subject: resource.subject, reason },
          ...(resource.service === undefined ? {} : { service: resource.service }),
        },
      }),
    )

  return {
    /**
     * Pulls and builds, a few at a time; the first that fails is the answer. Nothing of the stack
     * has changed by then: an image that cannot be had leaves no network behind. `signal`: the stack
     * was removed meanwhile, what is under way is given up.
     */
    async images(
      stack: StackSpec,
      missing: readonly MissingResource[],
      signal?: AbortSignal,
    ): Promise<void> {
      const left = missing.filter(isImage)
      const failures: unknown[] = []
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await create(stack, next, signal).catch((error: unknown) => {
            failures.push(error)
            left.length = 0
          })
        }
      }
      await Promise.all(Array.from({ length: imagesAtOnce }, work))
      if (failures.length > 0) throw failures[0]
    },

    async others(stack: StackSpec, missing: readonly MissingResource[]): Promise<void> {
      for (const resource of missing.filter((one) => !isImage(one))) await create(stack, resource)
    },
  }
}

const serviceOf = (stack: StackSpec, { service }: MissingResource) =>
  stack.services.find(({ name }) => name === service)

/** A build prints what it is given. */
const maskedText = (stack: StackSpec, resource: MissingResource, text: string): string => {
  const service = serviceOf(stack, resource)
  return withoutSecrets(text, { ...service?.container?.build?.args, ...service?.environment })
}
