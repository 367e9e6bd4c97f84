import type { AuditAction } from '@keelson/contract'
import type { Db, Tx } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import type { LaneEnd } from './checkpoint.ts'
import type { CheckpointFile } from './checkpoint-file.ts'
import { selectHeads } from './checkpoint-store.ts'
import { chainOf, macOf } from './entry.ts'
import { createFindings, type Findings } from './findings.ts'
import { verifyCheckpoints } from './verify-checkpoints.ts'

export type Verification = {
  rows: number
  checkpoints: number
  /** ISO 8601; null when there is no checkpoint yet. */
  lastCheckpointAt: string | null
  /** The first hundred of them. */
  findings: readonly string[]
  findingsCount: number
}

type Deps = { db: Db; keyring: Keyring; file: CheckpointFile }

const rowsAtOnce = 2000

/**
 * Reads all of the audit as it is at one moment, in bounded memory: every row against its mac, its
 * place in its lane and the row before; every lane against its end; every checkpoint against its
 * signature, the one before, the rows it names and the file.
 */
export const verifyAudit = ({ db, keyring, file }: Deps): Promise<Verification> =>
  db.transaction(async (tx) => {
    await tx.execute('set transaction isolation level repeatable read read only')
    const findings = createFindings()
    const { dropped, ...sealed } = await verifyCheckpoints(tx, { keyring, file, findings })
    const starts = new Map(dropped?.ends.map((end) => [end[0], end]))
    let rows = 0
    for (const head of await selectHeads(tx)) {
      const start = starts.get(head[0]) ?? [head[0], '0', '']
      rows += await verifyLane(tx, { start, head, keyring, findings })
    }
    return { rows, ...sealed, findings: findings.first, findingsCount: findings.count() }
  })

type Lane = { start: LaneEnd; head: LaneEnd; keyring: Keyring; findings: Findings }

const verifyLane = async (tx: Tx, { start, head, keyring, findings }: Lane): Promise<number> => {
  const [lane] = head
  let rows = 0
  let former: Former = { number: BigInt(start[1]), chain: Buffer.from(start[2], 'hex') }
  let batch = selectRows(tx, lane, start[1])
  for (let found = await batch; found.length > 0; found = await batch) {
    // The next ones are on their way while these are looked at.
    batch = selectRows(tx, lane, found.at(-1)?.number ?? '0')
    for (const row of found) {
      const number = BigInt(row.number)
      const fault = faultOf(row, former, keyring)
      if (fault !== null) findings.add(`row ${row.number} of lane ${lane} (${row.id}): ${fault}`)
      former = { number, chain: row.chain }
      rows += 1
    }
  }
  if (String(former.number) !== head[1] || former.chain.toString('hex') !== head[2]) {
    findings.add(`lane ${lane} ends at row ${former.number}, and was written up to ${head[1]}`)
  }
  return rows
}

type Former = { number: bigint; chain: Buffer }

/** What is wrong with a row; null when nothing is. */
const faultOf = (row: Row, former: Former, keyring: Keyring): string | null => {
  const number = BigInt(row.number)
  if (!keyring.numbers.includes(row.keyNumber)) return `its key ${row.keyNumber} is not there`
  const mac = macOf(keyring.derive('audit/mac', row.keyNumber), row)
  if (!mac.equals(row.mac) || !row.isWhole) return 'its content was changed'
  if (number === former.number) return 'it is there twice'
  if (number !== former.number + 1n) {
    const gone = number - former.number - 1n
    return `${gone === 1n ? 'a row is' : `${gone} rows are`} missing before it`
  }
  const chain = chainOf(former.chain, { lane: row.lane, number }, mac)
  return chain.equals(row.chain) ? null : 'it does not follow the row before: rows were exchanged'
}

type Row = {
  lane: number
  number: string
  id: string
  at: Date
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

/** `isWhole`: times are written in milliseconds, so that none can hide in what is finer. */
const selectRows = (tx: Tx, lane: number, after: string): Promise<Row[]> =>
  tx.many<Row>(
    `select lane, number, id, at, date_trunc('milliseconds', at) = at as "isWhole", action, outcome,
       actor_kind as "actorKind", actor_id as "actorId", actor_name as "actorName",
       object_kind as "objectKind", object_id as "objectId", object_name as "objectName",
       detail, key_number as "keyNumber", mac, chain
     from kernel.audit_entry where lane = $1 and number > $2 order by number limit ${rowsAtOnce}`,
    [lane, after],
  )
