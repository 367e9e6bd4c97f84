import type { Permission } from '@keelson/contract'
import type { QueryClient } from '@tanstack/react-query'
import { lazyRouteComponent } from '@tanstack/react-router'
import { sessionQuery } from '../api/queries.ts'
import { loadPart } from '../load-part.ts'

/** What the routes of all areas are made with. */

/** A page by its name in the module that `load` loads, once somebody opens it. */
export const page = <Part extends Record<string, unknown>, Name extends keyof Part & string>(
  load: () => Promise<Part>,
  name: Name,
) => lazyRouteComponent(loadPart(load), name)

/** Reads what a page shows, for who may: each refusal would be a row of the audit. */
export const ahead = (cache: QueryClient, need: Permission, read: () => Promise<unknown>): void => {
  void cache.ensureQueryData(sessionQuery).then(
    ({ permissions }) => (permissions.includes(need) ? read() : undefined),
    // Where there is no session the shell says so.
    () => undefined,
  )
}
