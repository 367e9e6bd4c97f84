import type { Plan, ServiceSpec, StackRevision, StackSpec } from '@keelson/contract'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { KnownStacks, StackHead } from '../known-stacks.ts'
import { selectRevisions, upsertRevision } from '../store.ts'

const keptRevisions = 20
const textLengthMax = 500
const namedMax = 4

/** With the services that it had. */
export type KeptRevision = StackRevision & { services: readonly ServiceSpec[] }

export type Revisions = ReturnType<typeof createRevisions>

/** What was applied before, and the way back to it. */
export const createRevisions = ({ db, stacks }: { db: Db; stacks: KnownStacks }) => ({
  /** Part of the transaction that applies a stack. */
  record: (tx: Tx, head: StackHead, by: { actor: string; text: string }): Promise<void> =>
    upsertRevision(
      tx,
      head.spec.name,
      { spec: head.spec, revision: head.revision, applied_at: head.appliedAt, ...by },
      { keep: keptRevisions },
    ),

  /** Newest first. Throws AppError('stack_not_found'). */
  async list(stack: string): Promise<KeptRevision[]> {
    const { revision: current } = stacks.get(stack)
    const rows = await selectRevisions(db, stack)
    return rows.map(({ revision, applied_at, actor, text, spec: { services } }) => ({
      ...{ revision, actor, text, services },
      appliedAt: applied_at.toISOString(),
      current: revision === current,
    }))
  },

  /** The spec to go back to. Throws revision_not_found, nothing_to_roll_back. */
  async specOf(
    stack: string,
    revision: number | undefined,
  ): Promise<{ spec: StackSpec; revision: number }> {
    const { revision: current } = stacks.get(stack)
    const rows = await selectRevisions(db, stack)
    const row = rows.find((one) =>
      revision === undefined ? one.revision < current : one.revision === revision,
    )
    if (row !== undefined) return row
    if (revision === undefined) {
      const message = `${stack} is at revision ${current}, and no earlier one is kept to go back to`
      const hint =
        'Every keelson up of a changed file makes a revision; keelson history lists them.'
      throw new AppError('nothing_to_roll_back', { message }, { hint })
    }
    const kept = rows.map((one) => one.revision).join(', ')
    const message = `${stack} has no revision ${revision}; kept are ${kept}`
    throw new AppError('revision_not_found', { message })
  },
})

/** What a revision changed, in a sentence: `api: environment.DB_URL changed; cache is new`. */
export const revisionText = (
  plan: Plan,
  stack: StackSpec,
  former: StackSpec | undefined,
  backTo: number | undefined,
): string => {
  const text =
    former === undefined
      ? `First applied, with ${counted(stack.services.length, 'service')}`
      : clausesOf(plan, stack, former)
  const whole = backTo === undefined ? text : `Back to revision ${backTo}: ${text}`
  return whole.length > textLengthMax ? `${whole.slice(0, textLengthMax - 1)}…` : whole
}

const clausesOf = (plan: Plan, stack: StackSpec, former: StackSpec): string => {
  const before = new Map(former.services.map((service) => [service.name, service]))
  const now = new Set(stack.services.map(({ name }) => name))
  const clauses = [
    ...stack.services.flatMap(({ name, replicas }) => {
      const old = before.get(name)
      if (old === undefined) return [`${name} is new`]
      const action = plan.actions.find(({ service, changes }) => service === name && changes.length)
      return [
        ...(action === undefined ? [] : [`${name}: ${causeWithoutPlaces(action.cause)}`]),
        ...(old.replicas === replicas ? [] : [`${name}: ${old.replicas} → ${replicas} instances`]),
      ]
    }),
    ...former.services
      .filter(({ name }) => !now.has(name))
      .map(({ name }) => `${name} is not in the file any more`),
  ]
  const gateway = plan.actions.find(({ kind }) => kind === 'configure_gateway')
  if (gateway !== undefined) clauses.push(`gateway: ${gateway.cause}`)
  if (clauses.length === 0) return 'No instance had to change'
  const more = clauses.length - namedMax
  return [...clauses.slice(0, namedMax), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** Lines of a file that has changed since mean nothing any more. */
const causeWithoutPlaces = (cause: string): string =>
  cause.replaceAll(/ \([^()]*:\d+\)/g, '').replace(/; taken on without a restart$/, '')

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
