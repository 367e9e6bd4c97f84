import type { ActionProgress, FilesPlan, Plan, PlanAction } from '@keelson/contract'
import { digestOf } from '../../kernel/digest.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Readable } from './readable-to.ts'

/*
 * Plans with what somebody may read of the services they are about. Whoever may apply a stack sees
 * all of its plans.
 */

/** An action of a service that may not be read: what it does, and neither why nor where. */
export const planFor = (plan: Plan, readable: Readable): Plan => {
  if (readable.mayApply) return plan
  const renamed = new Map<string, string>()
  const shown = plan.actions.map((action) => {
    const owner = hiddenOwnerOf(action, readable)
    if (owner === null) return action
    const masked = withoutReasons(action, owner)
    // Two images of one service are two actions.
    const id = new Set(renamed.values()).has(masked.id) ? `${masked.id} ${renamed.size}` : masked.id
    renamed.set(action.id, id)
    return { ...masked, id }
  })
  const actions = shown.map((action) => ({
    ...action,
    after: action.after.map((id) => renamed.get(id) ?? id),
  }))
  // Its digest is of hidden values, too: whoever knows all but one could try that one out by it.
  return { ...plan, actions, digest: renamed.size === 0 ? plan.digest : digestOf(actions) }
}

type About = Pick<PlanAction, 'kind' | 'subject' | 'service'>

/** Whose it is, when nobody whose it is may be read: a service, or what configures the gateway. */
const hiddenOwnerOf = (
  { kind, subject, service }: About,
  { mayRead, mayReadGateway, specs }: Readable,
): string | null => {
  if (kind === 'configure_gateway') return mayReadGateway ? null : subject
  const owners =
    service !== undefined
      ? [service]
      : kind === 'create_database'
        ? specs.filter((one) => one.database === subject).map(({ name }) => name)
        : []
  return owners.some(mayRead) ? null : (owners[0] ?? null)
}

/** Names of images and databases are the service's own; an instance is named like it. */
const withoutReasons = ({ id, kind, subject, service }: PlanAction, owner: string): PlanAction => {
  const isInstance = kind.endsWith('_instance')
  return {
    ...{ id: isInstance ? id : `${kind}:${owner}`, kind, subject: isInstance ? subject : owner },
    ...(service === undefined ? {} : { service }),
    ...{ cause: 'why is not yours to see', changes: [], after: [], waitFor: [] },
    hidden: true,
  }
}

/** How an action gets on is told with its reasons, or not at all. */
export const maySeeProgress = (
  { kind, subject, service }: ActionProgress,
  readable: Readable,
): boolean => {
  const about = {
    kind: kind as PlanAction['kind'],
    subject,
    ...(service === undefined ? {} : { service }),
  }
  return readable.mayApply || hiddenOwnerOf(about, readable) === null
}

/** Warnings quote lines, and a line may be of any service: they are for whoever may read all. */
export const filesPlanFor = (files: FilesPlan, readable: Readable): FilesPlan => ({
  ...files,
  plan: planFor(files.plan, readable),
  warnings: isWhole(readable) ? files.warnings : [],
})

/** What is wrong with files quotes their lines, too. */
export const filesFaultFor = (fault: unknown, readable: Readable): unknown => {
  if (!(fault instanceof AppError) || isWhole(readable)) return fault
  if (fault.errors.length === 0 && fault.code !== 'stack_invalid') return fault
  const message = `The files of ${readable.stack} cannot be applied as they are`
  const hint = 'What is wrong with them is told to whoever may read all of its services.'
  return new AppError(fault.code, { message }, { cause: fault, hint })
}

const isWhole = ({ mayApply, hidden }: Readable): boolean => mayApply || hidden.length === 0
