import { hostname } from 'node:os'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { saveCanaries } from './canaries/store.ts'
import { createCanaryTelling } from './canaries/telling.ts'
import type { GatewayDocument } from './snapshot.ts'
import {
  deleteNode,
  findNewerSnapshot,
  saveApplied,
  saveNode,
  snapshotChannel,
  type AppliedRow,
} from './store.ts'
import type { Plane } from './workers/index.ts'

type NodeDeps = { db: Db; plane: Plane; clock: Clock; log: Log; id?: string }

/** A gateway to which a draining instance owes something says so as often: see drain.ts. */
const beatMs = 500
const pollMs = 1000
const retryMs = 200
/** Well below the 10 s after which a silent gateway no longer counts. */
const idleTellMs = 3000

/**
 * The data plane's life in its own process: follows the snapshot, says at once which one it has
 * applied, and once a second what it counted. Without the database it goes on with the snapshot
 * it has.
 */
export const createGatewayNode = (deps: NodeDeps) => {
  const { db, plane, clock, log, id = `${hostname()}:${process.pid}` } = deps
  let revision = 0
  /** Those of the snapshot in effect, by digest: the same object as long as nothing changes. */
  let documents: ReadonlyMap<string, GatewayDocument> = new Map()
  let stopped = false
  let told = ''
  let toldAtMs = 0
  let tellsAll = false
  /** Something could not be told, and is told with the next beat. */
  let owes = false
  let polledAtMs = 0
  let listener: { close(): Promise<void> } | undefined
  let timer = { cancel: () => {} }

  const read = async (): Promise<void> => {
    const found = await findNewerSnapshot(db, revision, documents)
    if (found === undefined) return
    const { snapshot, digests } = found
    await plane.apply(snapshot)
    revision = snapshot.revision
    documents = new Map(snapshot.documents.map((document, at) => [digests[at] ?? '', document]))
    log.info({ revision, documents: snapshot.documents.length }, 'snapshot applied')
    speaking.ask()
  }

  const following = oneAtATime(async () => {
    if (stopped) return
    await read().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'snapshot could not be read'),
    )
  })

  const applied = async (): Promise<AppliedRow> => {
    // What is under way is asked for last: nothing more begins that this revision has ended.
    const row = { id, updatedAt: clock.now(), revision }
    return { ...row, inFlight: await plane.inFlight() }
  }

  const saveAll = async (): Promise<void> =>
    saveNode(db, {
      ...(await applied()),
      counters: await plane.counters(),
      problems: await plane.problems(),
    })

  const speaking = oneAtATime(async () => {
    const all = tellsAll
    tellsAll = false
    try {
      // Who was taken for dead is not known any more, and says everything again.
      if (all || !(await saveApplied(db, await applied()))) await saveAll()
      owes = false
    } catch (error) {
      owes = true
      told = ''
      log.debug({ reason: messageOf(error) }, 'counters not told')
    }
  })

  const tell = async (): Promise<void> => {
    const text = JSON.stringify(await plane.counters())
    // An idle gateway still says every few seconds that it is there.
    const nowMs = clock.monotonicMs()
    if (text === told && nowMs - toldAtMs < idleTellMs) return
    told = text
    toldAtMs = nowMs
    tellsAll = true
    speaking.ask()
  }

  const tellCanaries = createCanaryTelling({
    ...{ canaries: plane.canaries, log },
    keep: (canaries) => saveCanaries(db, canaries),
  })

  const beating = oneAtATime(async () => {
    const nowMs = clock.monotonicMs()
    if (owes || (await plane.isDraining())) speaking.ask()
    if (nowMs - polledAtMs < pollMs) return
    polledAtMs = nowMs
    following.ask()
    await tell()
    await tellCanaries()
  })

  const tick = (): void => {
    timer = clock.setTimer(() => {
      beating.ask()
      if (!stopped) tick()
    }, beatMs)
  }

  return {
    id,
    async start(): Promise<void> {
      await firstSnapshot()
      await plane.start()
      plane.onQuiet(speaking.ask)
      listener = await db.listen(snapshotChannel, following.ask)
      // One that came before we listened woke nobody.
      following.ask()
      tick()
    },
    async stop(): Promise<void> {
      stopped = true
      timer.cancel()
      await listener?.close()
      await beating.settled()
      await following.settled()
      await speaking.settled()
      await deleteNode(db, { id }).catch((error: unknown) =>
        log.debug({ reason: messageOf(error) }, 'the end of this gateway is not told'),
      )
    },
  }

  /**
   * A gateway without any snapshot would refuse every request: it waits for the database first.
   * It is known before it reads, so that who waits for all gateways does not miss it.
   */
  async function firstSnapshot(): Promise<void> {
    for (;;) {
      try {
        await saveAll()
        return await read()
      } catch (error) {
        if (stopped) return
        log.warn({ reason: messageOf(error) }, 'waiting for the database')
        await new Promise<void>((resolve) => clock.setTimer(resolve, retryMs))
      }
    }
  }
}

/** Does the work, and once more when it was asked for meanwhile; never twice at a time. */
const oneAtATime = (work: () => Promise<void>) => {
  let running: Promise<void> | null = null
  let again = false
  const run = async (): Promise<void> => {
    while (again) {
      again = false
      await work()
    }
  }
  return {
    ask: (): void => {
      again = true
      running ??= run().finally(() => {
        running = null
      })
    },
    settled: (): Promise<void> => running ?? Promise.resolve(),
  }
}
