import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { localActor } from '../kernel/actor.ts'
import { AppError } from '../kernel/errors.ts'
import { until } from '../kernel/testing/index.ts'
import {
  auditOf,
  createGapsBench,
  finding,
  fingerprintOf,
  type GapsBench,
} from './testing/bench.ts'

const isReady = ({ state, isAuditing }: { state: string; isAuditing: boolean }) =>
  state === 'ready' && !isAuditing

/** A stack that was audited once, with these findings. */
const audited = async (bench: GapsBench, ...names: string[]) => {
  bench.answers.now = () => auditOf(names.map((name) => finding(name)))
  await bench.apply()
  return bench.report('the first audit has ended', isReady)
}

const shopOf = async ({ gaps }: Pick<GapsBench, 'gaps'>) =>
  (await gaps.list()).find(({ stack }) => stack === 'shop')

test('a stack is audited once it is applied, with what is seen running', async () => {
  await using bench = await createGapsBench()
  const report = await audited(bench, 'api')
  assert.equal(report.folder, join(bench.dir, 'shop'))
  assert.equal(report.findings[0]?.message, 'api has no check')
  assert.equal(report.findings[0].acceptance, null)
  const [order] = bench.orders
  assert.deepEqual(order?.files, [join(bench.dir, 'shop/compose.yaml')])
  assert.deepEqual(
    order.observation?.instances.map(({ name, isRunning }) => [name, isRunning]),
    [
      ['shop-api-1', true],
      ['shop-db-1', true],
    ],
  )
  await until('it is in the timeline', async () => (await bench.events('gaps.changed')).length > 0)
  assert.deepEqual(await bench.events('gaps.changed'), [
    {
      ...{ stack: 'shop', appeared: 1, closed: 0, errors: 0, warnings: 1 },
      first: 'api has no check',
    },
  ])
})

test('before the first audit a stack waits; Keelson’s own parts are not audited', async () => {
  await using bench = await createGapsBench()
  bench.answers.now = () => new Promise(() => {})
  await bench.apply()
  const report = await bench.report('an audit is under way', ({ isAuditing }) => isAuditing)
  assert.equal(report.state, 'waiting')
  assert.equal(report.inventory, null)
  assert.deepEqual(
    (await bench.gaps.list()).map(({ stack, state, score }) => [stack, state, score]),
    [['shop', 'waiting', null]],
  )
  const isUnknown = (error: unknown) =>
    error instanceof AppError && error.code === 'stack_not_found'
  await assert.rejects(bench.gaps.report('keelson'), isUnknown)
  await assert.rejects(bench.gaps.audit(localActor, 'nobody'), isUnknown)
})

test('what came and went is told, and what stays keeps its first day', async () => {
  await using bench = await createGapsBench()
  const first = await audited(bench, 'api', 'db')
  bench.answers.now = () =>
    auditOf([finding('web', { severity: 'error', message: 'web is down' }), finding('db')], 70)
  const second = await bench.gaps.audit(localActor, 'shop')
  assert.equal(second.findings[1]?.since, first.findings[1]?.since)
  assert.ok((second.findings[0]?.since ?? '') > (first.findings[1]?.since ?? ''))
  await until(
    'it is in the timeline',
    async () => (await bench.events('gaps.changed')).length === 2,
  )
  assert.deepEqual((await bench.events('gaps.changed'))[1], {
    ...{ stack: 'shop', appeared: 1, closed: 1, errors: 1, warnings: 1, first: 'web is down' },
  })
  const { items } = await bench.gaps.history('shop', { before: undefined, limit: 10 })
  assert.deepEqual(
    items.map(({ score, errors, warnings, appeared, closed }) => [
      ...[score, errors, warnings, appeared, closed],
    ]),
    [
      [90, 0, 2, ['api has no check', 'db has no check'], []],
      [70, 1, 1, ['web is down'], ['api has no check']],
    ],
  )
  await bench.gaps.audit(localActor, 'shop')
  const same = await bench.gaps.history('shop', { before: undefined, limit: 10 })
  assert.equal(same.items.length, 2, 'nothing changed')
  assert.equal((await bench.events('gaps.changed')).length, 2)
})

test('what was gone and is there again is of now', async () => {
  await using bench = await createGapsBench()
  const first = await audited(bench, 'api')
  bench.answers.now = () => auditOf([])
  await bench.gaps.audit(localActor, 'shop')
  bench.answers.now = () => auditOf([finding('api')])
  bench.clock.move(60_000)
  const again = await bench.gaps.audit(localActor, 'shop')
  const ages = [first, again].map(({ findings }) => Date.parse(findings[0]?.since ?? ''))
  assert.ok((ages[1] ?? 0) - (ages[0] ?? 0) >= 60_000)
})

test('a decision is in the history at once; the score follows without a line of its own', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api', 'db')
  bench.answers.now = ({ accepted = [] }) =>
    auditOf([finding('api'), finding('db')], accepted.length > 0 ? 95 : 90)
  const points = async () =>
    (await bench.gaps.history('shop', { before: undefined, limit: 10 })).items
  const given = { reason: 'because', until: null }
  await bench.gaps.accept(localActor, 'shop', fingerprintOf('api'), given)
  const now = (await points()).at(-1)
  assert.deepEqual([now?.warnings, now?.accepted], [1, 1])
  assert.deepEqual(now?.decided, [`${localActor.name} accepted: api has no check`])
  await until('the score is there', async () => (await points()).at(-1)?.score === 95)
  assert.equal((await points()).length, 2)
  await bench.gaps.withdraw(localActor, 'shop', fingerprintOf('api'))
  const last = (await points()).at(-1)
  assert.deepEqual([last?.warnings, last?.accepted], [2, 0])
  assert.deepEqual(last?.decided, [`${localActor.name} accepts no more: api has no check`])
})

test('history is read from the newest page back, and keeps a thousand', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api')
  await bench.db.execute(
    `insert into gaps.point (stack, at, content)
     select 'shop', now(), jsonb_build_object('score', 1) from generate_series(1, 1005)`,
  )
  bench.answers.now = () => auditOf([finding('api')], 55)
  await bench.gaps.audit(localActor, 'shop')
  const newest = await bench.gaps.history('shop', { before: undefined, limit: 2 })
  assert.deepEqual(
    newest.items.map(({ score }) => score),
    [1, 55],
  )
  let count = 0
  for (let before: string | null | undefined; before !== null;) {
    const page = await bench.gaps.history('shop', { before: before ?? undefined, limit: 400 })
    count += page.items.length
    before = page.nextCursor
  }
  assert.equal(count, 1000)
})

test('what is accepted is shown and counts nowhere, until its time is over', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api', 'db')
  const end = new Date(bench.clock.now().getTime() + 3_600_000)
  const given = { reason: 'the load balancer asks', until: end }
  const accepted = await bench.gaps.accept(localActor, 'shop', fingerprintOf('api'), given)
  assert.deepEqual(accepted.acceptance, {
    ...{ reason: 'the load balancer asks', by: localActor.name },
    ...{ at: accepted.acceptance?.at, until: end.toISOString() },
  })
  assert.deepEqual(await shopOf(bench), {
    ...{ stack: 'shop', state: 'ready', at: (await shopOf(bench))?.at, score: 90 },
    ...{ errors: 0, warnings: 1, infos: 0, accepted: 1 },
  })
  await until('it is left out of the score', () =>
    bench.orders.some((order) => order.accepted?.[0] === fingerprintOf('api')),
  )
  // Gone and back while it is accepted: nobody needs to know.
  bench.answers.now = () => auditOf([finding('db')])
  await bench.gaps.audit(localActor, 'shop')
  bench.answers.now = () => auditOf([finding('api'), finding('db')])
  await bench.gaps.audit(localActor, 'shop')
  assert.equal((await bench.events('gaps.changed')).length, 1)
  bench.clock.move(3_600_001)
  await until('it counts again', async () => (await shopOf(bench))?.warnings === 2)
  const told = () => bench.events('gap.accepted', 'gap.acceptance_withdrawn')
  await until('both are told', async () => (await told()).length === 2)
  assert.deepEqual(
    (await told()).map(({ message, by }) => [message, by]),
    [
      ['api has no check', localActor.name],
      ['api has no check', 'the end of its time'],
    ],
  )
})

test('an acceptance is withdrawn, and one of what is not found is refused', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api')
  const given = { reason: 'because', until: null }
  await bench.gaps.accept(localActor, 'shop', fingerprintOf('api'), given)
  const again = await bench.gaps.withdraw(localActor, 'shop', fingerprintOf('api'))
  assert.equal(again.acceptance, null)
  assert.equal((await shopOf(bench))?.warnings, 1)
  // Nobody has accepted it now: it stays as it is, and nothing is told.
  await bench.gaps.withdraw(localActor, 'shop', fingerprintOf('api'))
  await until(
    'it is told',
    async () => (await bench.events('gap.acceptance_withdrawn')).length === 1,
  )
  const isUnknown = (error: unknown) => error instanceof AppError && error.code === 'gap_not_found'
  for (const fingerprint of ['ffffffffffffffff']) {
    await assert.rejects(bench.gaps.accept(localActor, 'shop', fingerprint, given), isUnknown)
    await assert.rejects(bench.gaps.withdraw(localActor, 'shop', fingerprint), isUnknown)
  }
})

test('an audit that cannot be made says why, and the report before it stays', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api')
  bench.answers.now = () => ({ kind: 'refused', reason: 'There is no compose file' })
  const refused = await bench.gaps.audit(localActor, 'shop')
  assert.equal(refused.state, 'failed')
  assert.equal(refused.reason, 'There is no compose file')
  assert.equal(refused.findings.length, 1)
  bench.answers.now = () => Promise.reject(new Error('it took more than 40 s'))
  const broken = await bench.gaps.audit(localActor, 'shop')
  assert.equal(broken.reason, 'The audit failed: it took more than 40 s')
  bench.answers.now = () => auditOf([])
  const well = await bench.gaps.audit(localActor, 'shop')
  assert.deepEqual([well.state, well.reason, well.findings], ['ready', null, []])
  await rm(join(bench.dir, 'shop'), { recursive: true })
  const gone = await bench.gaps.audit(localActor, 'shop')
  assert.match(gone.reason ?? '', /The folder .*shop is not there/)
})

test('a folder that holds the data folder, and a stack without files, are not read', async () => {
  await using bench = await createGapsBench()
  await bench.apply('shop', bench.dir)
  const report = await bench.report('it has failed', ({ state }) => state === 'failed')
  assert.match(report.reason ?? '', /holds the data folder of Keelson/)
  assert.deepEqual(bench.orders, [])
})

test('a service that ends is seen, and what is the same is not audited again', async () => {
  await using bench = await createGapsBench()
  await audited(bench)
  const before = bench.orders.length
  bench.house.health.start()
  await bench.house.stop('shop/api')
  await until('it is audited again', () => bench.orders.length > before)
  const seen = () => bench.orders.at(-1)?.observation?.instances ?? []
  await until('it is seen as stopped', () =>
    seen().some(({ service, isRunning }) => service === 'api' && !isRunning),
  )
  assert.match(seen().find(({ service }) => service === 'api')?.reason ?? '', /^stopped by/)
  await until('the audit has ended', async () => !(await bench.gaps.report('shop')).isAuditing)
  const settled = bench.orders.length
  // Nothing differs from what was seen: many rounds pass without an audit.
  bench.clock.move(600_000)
  await bench.gaps.audit(localActor, 'shop')
  assert.equal(bench.orders.length, settled + 1)
})

test('requests of the last minutes are told of the stack, and of no other', async () => {
  await using bench = await createGapsBench()
  await audited(bench)
  bench.requests.push({ service: 'shop/api', count: 40, failed: 20 })
  bench.requests.push({ service: 'blog/api', count: 9, failed: 0 })
  await bench.gaps.audit(localActor, 'shop')
  const requests = [{ service: 'api', count: 40, failed: 20 }]
  assert.deepEqual(bench.orders.at(-1)?.observation?.requests, requests)
  assert.deepEqual((await bench.gaps.observe('shop')).requests, requests)
})

test('a file that is other than the audit read it causes another audit', async () => {
  await using bench = await createGapsBench()
  const stamp = (path: string): [string, number, number] => [path, 1, 1]
  bench.answers.now = () => ({
    ...auditOf([]),
    watched: { files: [stamp('compose.yaml')], folders: [], listed: [] },
  })
  await bench.apply()
  // The stamp is not that of the file: the look in turn finds it other than it was read.
  await until('it is audited again and again', () => bench.orders.length >= 3)
})

test('a report outlives the room, and only what changed since is audited again', async () => {
  await using bench = await createGapsBench()
  const first = await audited(bench, 'api')
  await bench.gaps.accept(localActor, 'shop', fingerprintOf('api'), { reason: 'so', until: null })
  await until('the score was made anew', () => bench.orders.length >= 2)
  await bench.report('the audit has ended', isReady)
  await bench.gaps.stop()
  const count = bench.orders.length
  const next = await bench.again()
  const report = await next.report('shop')
  assert.equal(report.findings[0]?.since, first.findings[0]?.since)
  assert.equal(report.findings[0]?.acceptance?.reason, 'so')
  await next.audit(localActor, 'shop')
  assert.equal(bench.orders.length, count + 1, 'only the one that was asked for')
  await next.stop()
  await bench.apply('shop')
  const last = await bench.again()
  await bench.report('it is known', isReady, last)
})

test('with a stack goes all that is kept of it', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api')
  await bench.gaps.accept(localActor, 'shop', fingerprintOf('api'), { reason: 'so', until: null })
  await bench.house.remove('shop')
  const rows = async () =>
    (
      await bench.db.one<{ count: number }>(
        `select ((select count(*) from gaps.report) + (select count(*) from gaps.finding) +
          (select count(*) from gaps.point) + (select count(*) from gaps.acceptance))::integer as count`,
      )
    ).count
  await until('nothing is left', async () => (await rows()) === 0)
  assert.deepEqual(await bench.gaps.list(), [])
})

test('a change of a report is told to whoever follows', async () => {
  await using bench = await createGapsBench()
  const told: string[] = []
  const following = bench.gaps.onChange((stack) => told.push(stack))
  await audited(bench, 'api')
  assert.ok(told.length >= 2, 'when it begins and when it has ended')
  following.close()
  const count = told.length
  await bench.gaps.audit(localActor, 'shop')
  assert.equal(told.length, count)
})

test('previews and audits are made one at a time', async () => {
  await using bench = await createGapsBench()
  await audited(bench, 'api')
  const refusedMax = 15
  const allAsked = Promise.withResolvers<void>()
  let underWay = 0
  bench.answers.now = async () => {
    underWay += 1
    assert.equal(underWay, 1)
    // The first holds its turn until all have asked for theirs.
    await allAsked.promise
    underWay -= 1
    return { kind: 'mended', preview: { files: [], skipped: [], command: '' } }
  }
  const refused: string[] = []
  const asked = Array.from({ length: 24 }, () =>
    bench.gaps.previewFixes('shop', ['0'.repeat(16)]).catch((error: AppError) => {
      refused.push(error.code)
      if (refused.length === refusedMax) allAsked.resolve()
    }),
  )
  await Promise.all([...asked, bench.gaps.audit(localActor, 'shop')])
  assert.deepEqual(
    refused,
    Array.from({ length: refusedMax }, () => 'previews_busy'),
  )
})
