import type { Db } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Keyring } from './keyring.ts'
import type { SealedColumn } from './sealed.ts'
import { putSealed, selectOlderSealed, type SealedRow } from './store.ts'

type Deps = { db: Db; log: Log; keyring: Keyring; column: SealedColumn }

const rowsAtOnce = 100

/**
 * Seals all values of a column under the key in use, some at a time. One that does not open stays as it
 * is, and is said in the log: somebody may still have the key that it needs.
 */
export const reseal = async (deps: Deps, signal: AbortSignal): Promise<void> => {
  const { db, log, keyring, column } = deps
  const { current } = keyring
  let after = ''
  let count = 0
  while (!signal.aborted) {
    const rows = await selectOlderSealed(db, column, { current, after, limit: rowsAtOnce })
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
    const anew = rows.flatMap((row) => sealedAnew(deps, row))
    count += await db.transaction(async (tx) => {
      let written = 0
      for (const { row, sealed } of anew) written += await putSealed(tx, column, row, sealed)
      return written
    })
  }
  if (count > 0) log.info({ what: column.what, count, key: current }, 'sealed anew')
}

const sealedAnew = ({ log, keyring, column }: Deps, row: SealedRow) => {
  const { purpose, what } = column
  const bound = column.bound(row.id)
  try {
    const sealed = keyring.seal(purpose, keyring.open(purpose, row.sealed, bound), bound)
    return [{ row, sealed }]
  } catch (error) {
    log.error({ what, id: row.id, reason: messageOf(error) }, 'a sealed value does not open')
    return []
  }
}
