import { AppError } from '../../kernel/errors.ts'
import type { Entity, GatewayConfig } from '../config/model.ts'
import { endTag } from '../config/credential-label.ts'

/** Of consumers that were made one by one, not by a file. */
export const madeTag = 'keelson-made'

const isMade = ({ tags }: Entity): boolean =>
  tags.some((tag) => tag === madeTag || tag.startsWith(endTag))

/**
 * A configuration with the consumers and keys that people have now: neither a file nor an earlier
 * revision gives or takes keys. Otherwise a roll back would bring back what was revoked.
 * Throws AppError('gateway_name_taken').
 */
export const withPeopleOf = (now: GatewayConfig, next: GatewayConfig): GatewayConfig => {
  const own = next.consumers.filter((one) => !isMade(one))
  const made = now.consumers.filter(isMade)
  const names = new Set(own.map(({ username }) => username))
  const taken = made.find(({ username }) => username !== null && names.has(username))
  if (taken !== undefined) {
    const message = `The consumer ${taken.username} of the file was made on the page or by the command line already`
    const hint = 'Remove it there, or give the one in the file another name.'
    throw new AppError('gateway_name_taken', { message }, { hint })
  }
  const consumers = [...own, ...made]
  const known = new Set(consumers.map(({ id }) => id))
  const merge = <T extends Entity & { consumer: string }>(
    before: readonly T[],
    after: readonly T[],
  ): T[] => [
    ...after.filter((one) => !isMade(one)),
    ...before.filter((one) => isMade(one) && known.has(one.consumer)),
  ]
  return {
    ...next,
    consumers,
    credentials: merge(now.credentials, next.credentials),
    acls: merge(now.acls, next.acls),
  }
}
