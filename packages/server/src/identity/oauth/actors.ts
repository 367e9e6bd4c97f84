import { anonymous, type Actor, type Origin } from '../../kernel/actor.ts'
import { isCommandLine } from '../sessions/device.ts'

/** What of a request is remembered. */
export type Caller = {
  seen: Pick<Origin, 'requestId' | 'address'>
  userAgent: string | null
}

/** Whoever shows nothing that proves who it is. */
export const stranger = ({ seen, userAgent }: Caller): Actor => ({
  ...anonymous,
  origin: { ...anonymous.origin, ...seen, via: isCommandLine(userAgent) ? 'cli' : 'api' },
})

type Proved = {
  kind: 'user' | 'service_account' | 'stack_service'
  id: string
  name: string
  /** As `client:<family>` or `token:<public id>`. */
  credential: string
}

/** What the audit names as who asked for tokens. */
export const bearerOf = (caller: Caller, { credential, ...proved }: Proved): Actor => {
  const nobody = stranger(caller)
  return { ...nobody, ...proved, origin: { ...nobody.origin, credential, provenBy: 'bearer' } }
}

/** What the audit names a program by: one sign-in of it, or before there is one, its name. */
export const clientObject = ({ id, client }: { id: string; client: string }) => ({
  ...{ kind: 'client', id, name: client },
})

/** A name that nobody has proved would make each attempt look like another. */
export const unknownClient = clientObject({ id: 'unknown', client: 'unknown' })
