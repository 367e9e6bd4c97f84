import assert from 'node:assert'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditAnswer, AuditedFinding, AuditOrder, GapReport } from '@keelson/contract'
import { systemClock, type Clock } from '../../kernel/clock.ts'
import { createTestAudit, createTestDb, quietLog, until } from '../../kernel/testing/index.ts'
import { createFakeRuntime } from '../../orchestrator/testing/fake-runtime.ts'
import { openHouse, withResources, type House } from '../../orchestrator/testing/house.ts'
import { serviceSpec, stackSpec } from '../../orchestrator/testing/spec.ts'
import type { AuditCommand } from '../audit-command.ts'
import { createGaps, type Gaps } from '../gaps.ts'

const domains = ['registry', 'health', 'gateway', 'orchestrator', 'gaps']

/** Each round of the room comes ten times as often, and pauses are as much shorter. */
const times = 10

/** Time that runs faster than on the wall, and can be moved on besides. */
const createMovedClock = (): Clock & { move(ms: number): void } => {
  let movedMs = 0
  return {
    now: () => new Date(Date.now() + movedMs),
    monotonicMs: () => systemClock.monotonicMs() * times + movedMs,
    setTimer: (run, delayMs) => systemClock.setTimer(run, delayMs / times),
    move: (ms) => {
      movedMs += ms
    },
  }
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const abort = (): void => reject(new Error('aborted'))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
  })

export const finding = (name: string, more: Partial<AuditedFinding> = {}): AuditedFinding => ({
  ...{ fingerprint: fingerprintOf(name), rule: 'health/no-check', severity: 'warning' },
  ...{ title: 'No check', message: `${name} has no check`, service: name, fix: 'Add one' },
  evidence: [{ file: 'compose.yaml', line: 2, column: 3, fact: name, excerpt: [] }],
  ...{ isFixable: false, ...more },
})

export const fingerprintOf = (name: string): string =>
  Buffer.from(name).toString('hex').padEnd(16, '0')

/** What an audit answers that found these. */
export const auditOf = (
  findings: readonly AuditedFinding[],
  score = 90,
): Extract<AuditAnswer, { kind: 'audited' }> => ({
  kind: 'audited',
  report: {
    inventory: {
      ...{ claimed: null, claims: [], declared: 2, built: 2, running: 2, healthy: 2 },
      ...{ services: [], score, families: [] },
    },
    findings: [...findings],
    ...{ suppressed: 0, notRead: [] },
  },
  watched: { files: [], folders: [], listed: [] },
  processorMs: 1,
})

/**
 * The room over a house with a runtime in memory, a real PostgreSQL and a folder with a compose file.
 * Audits are answered by `answers.now`; `again` is the room's next life.
 */
export const createGapsBench = async (options: { command?: AuditCommand } = {}) => {
  const database = await createTestDb({
    migrations: domains.map((domain) => ({
      domain,
      dir: join(import.meta.dirname, '../..', domain, 'migrations'),
    })),
  })
  const dir = await mkdtemp(join(tmpdir(), 'keelson-gaps-room-'))
  await mkdir(join(dir, 'data'))
  await mkdir(join(dir, 'shop'))
  const write = (name: string, text: string) => writeFile(join(dir, 'shop', name), text)
  await write('compose.yaml', 'services: {}\n')
  const clock = createMovedClock()
  const runtime = createFakeRuntime(systemClock)
  const container = withResources(createFakeRuntime(systemClock, 'container'))
  const house: House = await openHouse({ db: database.db, process: runtime, container })
  await house.events.start()
  await house.start()
  const orders: AuditOrder[] = []
  const answers: { now: (order: AuditOrder) => AuditAnswer | Promise<AuditAnswer> } = {
    now: () => auditOf([]),
  }
  const requests: { service: string; count: number; failed: number }[] = []
  const rooms: Gaps[] = []
  const open = async (): Promise<Gaps> => {
    const gaps = createGaps({
      ...{
        ...house,
        db: database.db,
        audit: createTestAudit(database.db),
        clock,
        log: quietLog,
        dataDir: join(dir, 'data'),
      },
      traffic: { recent: () => Promise.resolve(requests) },
      command:
        options.command ??
        ((order, signal) => {
          orders.push(order)
          return Promise.race([answers.now(order), whenAborted(signal)])
        }),
      // A subscription is for good: the rooms of one house share the first one's.
      events: rooms.length === 0 ? house.events : { ...house.events, subscribe: () => undefined },
    })
    rooms.push(gaps)
    await gaps.start()
    return gaps
  }
  const apply = (name = 'shop', folder = join(dir, 'shop')) =>
    house.apply(
      stackSpec(name, [serviceSpec('api'), serviceSpec('db')], {
        ...{ workingDir: folder, files: [join(folder, 'compose.yaml')] },
      }),
    )
  const gaps = await open()
  return {
    ...{
      dir,
      write,
      clock,
      house,
      runtime,
      orders,
      answers,
      requests,
      apply,
      gaps,
      db: database.db,
    },
    again: open,
    /** The report once it is as it should be. */
    async report(what: string, isSo: (report: GapReport) => boolean, room = gaps) {
      let found: GapReport | undefined
      await until(what, async () => {
        found = await room.report('shop')
        return isSo(found)
      })
      assert(found !== undefined)
      return found
    },
    async events(...types: string[]): Promise<Record<string, unknown>[]> {
      const all = await house.events.list({ limit: 1000 })
      return all
        .filter(({ type }) => types.includes(type))
        .map(({ payload }) => payload)
        .reverse()
    },
    async [Symbol.asyncDispose]() {
      for (const room of rooms) await room.stop()
      await house.events.stop()
      await house.crash()
      await database[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export type GapsBench = Awaited<ReturnType<typeof createGapsBench>>
