import type { Tx } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import {
  bodyOf,
  digestOf,
  isSigned,
  type Checkpoint,
  type CheckpointBody,
  type Dropped,
  type LaneEnd,
} from './checkpoint.ts'
import type { CheckpointFile, KnownCheckpoint } from './checkpoint-file.ts'
import {
  countStrayCheckpoints,
  findLastCheckpoint,
  selectCheckpoints,
  selectCheckpointsAfter,
} from './checkpoint-store.ts'
import type { Findings } from './findings.ts'

type Deps = {
  keyring: Keyring
  file: CheckpointFile
  /** What the file says above this is newer than what is looked at. */
  fileUpTo: number
  findings: Findings
}

export type Sealed = {
  checkpoints: number
  lastCheckpointAt: string | null
  /** As the last one says; undefined when nothing was. */
  dropped: Dropped | undefined
}

const atOnce = 500

/** Every checkpoint against its signature, the one before, the rows it names, and the file. */
export const verifyCheckpoints = async (tx: Tx, deps: Deps): Promise<Sealed> => {
  const { keyring, findings } = deps
  const last = await findLastCheckpoint(tx)
  const isTrusted = last !== undefined && isSigned(keyring, last)
  const end = isTrusted ? bodyOf(last) : undefined
  const first = end?.dropped?.firstCheckpoint ?? 1
  let former: Checkpoint | undefined
  let trusted: Checkpoint | undefined
  let checkpoints = 0
  for (;;) {
    const batch = await selectCheckpointsAfter(tx, former?.number ?? 0, atOnce)
    if (batch.length === 0) break
    const named: NamedEnd[] = []
    for (const each of batch) {
      const fault = faultOf(each, former, { keyring, first })
      former = each
      checkpoints += 1
      if (fault !== null) {
        findings.add(`checkpoint ${each.number}: ${fault}`)
        continue
      }
      named.push(...newsIn(each, trusted, end?.dropped))
      trusted = each
    }
    await compareRows(tx, named, findings)
  }
  const strays = await countStrayCheckpoints(tx)
  if (strays > 0) findings.add(`${strays} checkpoints have numbers that none is given`)
  await compareFile(tx, { ...deps, first })
  return { checkpoints, lastCheckpointAt: end?.at ?? null, dropped: end?.dropped }
}

const faultOf = (
  checkpoint: Checkpoint & { at: string },
  former: Checkpoint | undefined,
  { keyring, first }: { keyring: Keyring; first: number },
): string | null => {
  if (!isSigned(keyring, checkpoint)) return 'its signature does not fit: it was changed'
  const body = bodyOf(checkpoint)
  if (body.number !== checkpoint.number) return 'it is another one: it was moved'
  // By it the old ones are dropped.
  if (body.at !== checkpoint.at) return 'its time was changed'
  if (former === undefined)
    return checkpoint.number === first ? null : 'those before it are missing'
  if (former.number + 1 !== checkpoint.number) return 'the one before it is missing'
  if (body.former !== digestOf(former)) return 'it does not follow the one before'
  if (checkpoint.keyNumber < former.keyNumber) return 'its key is older than that of the one before'
  return null
}

type NamedEnd = { checkpoint: number; end: LaneEnd }

/** The ends that a checkpoint is the first to name, of rows that were not dropped since. */
const newsIn = (
  { number, body }: Checkpoint,
  former: Checkpoint | undefined,
  dropped: Dropped | undefined,
): NamedEnd[] => {
  const before = new Map(former === undefined ? [] : headsOf(former.body))
  const gone = new Map(dropped?.ends.map(([lane, upTo]) => [lane, BigInt(upTo)]))
  return headsOf(body).flatMap(([lane, end]) => {
    const isKept = BigInt(end[1]) > (gone.get(lane) ?? 0n)
    return isKept && before.get(lane)?.[1] !== end[1] ? [{ checkpoint: number, end }] : []
  })
}

const headsOf = (body: string): [number, LaneEnd][] =>
  (JSON.parse(body) as CheckpointBody).heads.map((end) => [end[0], end])

/** The chain of a row vouches for all rows before it, so that it is enough to look at those named. */
const compareRows = async (
  tx: Tx,
  named: readonly NamedEnd[],
  findings: Findings,
): Promise<void> => {
  const rows = await tx.many<{ lane: number; number: string; chain: Buffer }>(
    `select entry.lane, entry.number, entry.chain
     from unnest($1::smallint[], $2::bigint[]) as named (lane, number)
     join kernel.audit_entry entry using (lane, number)`,
    [named.map(({ end }) => end[0]), named.map(({ end }) => end[1])],
  )
  const chains = new Map(
    rows.map((row) => [`${row.lane}/${row.number}`, row.chain.toString('hex')]),
  )
  for (const { checkpoint, end } of named) {
    const [lane, number, chain] = end
    const found = chains.get(`${lane}/${number}`)
    if (found === chain) continue
    const what = found === undefined ? 'is missing' : 'is another one'
    findings.add(`row ${number} of lane ${lane}, which checkpoint ${checkpoint} names, ${what}`)
  }
}

/** What the data folder has seen must be in the database. */
const compareFile = async (
  tx: Tx,
  { file, fileUpTo, findings, first }: Deps & { first: number },
): Promise<void> => {
  let batch: KnownCheckpoint[] = []
  const compare = async (): Promise<void> => {
    const found = await selectCheckpoints(
      tx,
      batch.map(({ number }) => number),
    )
    const digests = new Map(found.map((one) => [one.number, digestOf(one)]))
    for (const { number, digest } of batch) {
      if (number < first || digests.get(number) === digest) continue
      const what = digests.has(number) ? 'is another one in the database' : 'is not in the database'
      findings.add(`checkpoint ${number} of the data folder ${what}: it was turned back`)
    }
    batch = []
  }
  for await (const known of file.read()) {
    if (known.number > fileUpTo) continue
    batch.push(known)
    if (batch.length === atOnce) await compare()
  }
  await compare()
}
