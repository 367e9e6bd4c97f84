import type { AuditAction } from '@keelson/contract'
import type { Tx } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import type { LaneEnd } from './checkpoint.ts'
import { selectHeads } from './checkpoint-store.ts'
import { chainOf, macOf } from './entry.ts'
import type { Findings } from './findings.ts'
import { lanes as lanesMax } from './store.ts'

type Given = { keyring: Keyring; findings: Findings }

/**
 * Walks every lane that there should be or that anything names, from the row after its start, and
 * holds what was walked against what is in the table: a row that no walk comes by is one too many.
 * Gives the number of rows.
 */
export const verifyLanes = async (
  tx: Tx,
  { starts, ...given }: Given & { starts: readonly LaneEnd[] },
): Promise<number> => {
  const counts = await countRows(tx)
  const heads = new Map((await selectHeads(tx)).map((end) => [end[0], end]))
  const begins = new Map(starts.map((end) => [end[0], end]))
  const own = Array.from({ length: lanesMax }, (_, lane) => lane)
  const all = new Set([...own, ...begins.keys(), ...heads.keys(), ...counts.keys()])
  for (const lane of [...all].sort((a, b) => a - b)) {
    const start = begins.get(lane) ?? ([lane, '0', ''] as const)
    const walked = await verifyLane(tx, { start, head: heads.get(lane), ...given })
    const more = (counts.get(lane) ?? 0) - walked
    if (more !== 0) given.findings.add(`lane ${lane} has ${more} rows that stand nowhere`)
  }
  await findRepeated(tx, given.findings)
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

const isLane = (lane: number): boolean => lane >= 0 && lane < lanesMax

/** `head` is undefined when the lane has no end. */
type Lane = Given & { start: LaneEnd; head: LaneEnd | undefined }

/** Gives how many rows it came by. */
const verifyLane = async (tx: Tx, { start, head, keyring, findings }: Lane): Promise<number> => {
  const [lane] = start
  let rows = 0
  const chain = Buffer.from(start[2], 'hex')
  let former: Former = { number: BigInt(start[1]), chain, keyNumber: 0 }
  let batch = selectRows(tx, lane, beforeAll)
  for (let found = await batch; ; found = await batch) {
    const last = found.at(-1)
    if (last === undefined) break
    // The next ones are on their way while these are looked at.
    batch = selectRows(tx, lane, { number: last.number, at: last.atText })
    for (const row of found) {
      const number = BigInt(row.number)
      rows += 1
      const isBefore = number <= BigInt(start[1])
      const fault = isBefore
        ? 'it stands before the first of its lane'
        : faultOf(row, former, keyring)
      if (fault !== null) findings.add(`row ${row.number} of lane ${lane} (${row.id}): ${fault}`)
      if (!isBefore) former = { number, chain: row.chain, keyNumber: row.keyNumber }
    }
  }
  const fault = faultOfEnd(lane, head, former)
  if (fault !== null) findings.add(fault)
  return rows
}

type Former = { number: bigint; chain: Buffer; keyNumber: number }

const faultOfEnd = (lane: number, head: LaneEnd | undefined, last: Former): string | null => {
  if (!isLane(lane)) {
    return head === undefined ? null : `there is an end of lane ${lane}, and no such lane`
  }
  if (head === undefined) return `the end of lane ${lane} is missing`
  if (String(last.number) === head[1] && last.chain.toString('hex') === head[2]) return null
  return `lane ${lane} ends at row ${last.number}, and was written up to ${head[1]}`
}

/** What is wrong with a row; null when nothing is. */
const faultOf = (row: Row, former: Former, keyring: Keyring): string | null => {
  const number = BigInt(row.number)
  if (!isLane(row.lane)) return 'there is no such lane'
  if (!keyring.numbers.includes(row.keyNumber)) return `its key ${row.keyNumber} is not there`
  // In this order: what is no time at all has no mac.
  if (!row.isWhole) return 'its content was changed'
  const mac = macOf(keyring, row, row.keyNumber)
  if (!mac.equals(row.mac)) return 'its content was changed'
  // Who has got hold of a key that was rotated away writes no history with it.
  if (row.keyNumber < former.keyNumber) return 'its key is older than that of the row before'
  if (number === former.number) return 'it is there twice'
  if (number !== former.number + 1n) {
    const gone = number - former.number - 1n
    return `${gone === 1n ? 'a row is' : `${gone} rows are`} missing before it`
  }
  const chain = chainOf(former.chain, { lane: row.lane, number }, mac)
  return chain.equals(row.chain) ? null : 'it does not follow the row before: rows were exchanged'
}

/** By lane; one reading of all. */
const countRows = async (tx: Tx): Promise<Map<number, number>> => {
  const counted = await tx.many<{ lane: number; count: string }>(
    'select lane, count(*) as count from kernel.audit_entry group by lane',
  )
  return new Map(counted.map(({ lane, count }) => [lane, Number(count)]))
}

const repeatedMax = 100

/** Macs and chains cannot tell: a true row fits at the end of any lane, until that is signed. */
const findRepeated = async (tx: Tx, findings: Findings): Promise<void> => {
  const repeated = await tx.many<{ id: string; times: string }>(
    `select id, count(*) as times from kernel.audit_entry
     group by id having count(*) > 1 order by id limit ${repeatedMax}`,
  )
  for (const { id, times } of repeated) findings.add(`row ${id} is there ${times} times`)
}

type Row = {
  lane: number
  number: string
  id: string
  at: Date
  /** To the microsecond. */
  atText: string
  isWhole: boolean
  action: AuditAction
  outcome: string
  actorKind: string
  actorId: string
  actorName: string
  objectKind: string
  objectId: string
  objectName: string
  detail: string
  keyNumber: number
  mac: Buffer
  chain: Buffer
}

type Position = { number: string; at: string }

const rowsAtOnce = 2000
const beforeAll: Position = { number: String(-(2n ** 63n)), at: '-infinity' }

/**
 * By number and time, which are the key: several of one number, which somebody has added, are not
 * passed over where one reading ends. `isWhole`: times are written in milliseconds, so that none
 * can hide in what is finer.
 */
const selectRows = (tx: Tx, lane: number, after: Position): Promise<Row[]> =>
  tx.many<Row>(
    `select lane, number, id, at, at::text as "atText",
       isfinite(at) and date_trunc('milliseconds', at) = at as "isWhole", action, outcome,
       actor_kind as "actorKind", actor_id as "actorId", actor_name as "actorName",
       object_kind as "objectKind", object_id as "objectId", object_name as "objectName",
       detail, key_number as "keyNumber", mac, chain
     from kernel.audit_entry where lane = $1 and (number, at) > ($2, $3::timestamptz)
     order by number, at limit ${rowsAtOnce}`,
    [lane, after.number, after.at],
  )
