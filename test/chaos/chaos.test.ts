import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PsEntry, TimelineEntry } from '@keelson/contract'
import { createKeelson, root, waitFor, type Keelson } from '../harness.ts'
import { followTimeline } from './live-follower.ts'
import { createRandom } from './random.ts'

// kill -9 at random moments. By hand: KEELSON_CHAOS_ROUNDS=200 npm test -- chaos
const rounds = Number(process.env['KEELSON_CHAOS_ROUNDS'] ?? 8)
const seed = Number(process.env['KEELSON_CHAOS_SEED'] ?? Date.now() % 1_000_000)

const folder = path.join(root, 'test/fixtures/steady')
/** By service: a restart that was asked for starts the successor in a place of its own. */
const wantedInstances = ['base', 'pair', 'pair', 'parent']
const delayMsMax = 1500

const victims = ['service', 'gateway', 'control', 'postgres'] as const
type Victim = (typeof victims)[number]
type Start = { what: 'start' | 'double'; instance: string; incarnation: string; pid: number }

const kill = (pid: number | null | undefined): boolean => {
  if (pid === null || pid === undefined) return false
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false // ended meanwhile by itself
  }
}

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))

const controlPid = async (keelson: Keelson): Promise<number> => {
  const { pid } = (await readJson(path.join(keelson.dataDir, 'platform.json'))) as { pid: number }
  return pid
}

/** The postmaster: the process of ours with `-D <folder>` that no other such process started. */
const postmasterPid = async (keelson: Keelson): Promise<number | undefined> => {
  const all = (await keelson.processes()).filter(({ command }) =>
    /\bpostgres\b.* -D /.test(command),
  )
  const pids = new Set(all.map(({ pid }) => pid))
  return all.find(({ parent }) => !pids.has(parent))?.pid
}

const gatewayPid = async (keelson: Keelson): Promise<number | undefined> => {
  const { parts } = await keelson.call('getSystem')
  return parts.find(({ name }) => name === 'gateway')?.pid ?? undefined
}

const instances = async (keelson: Keelson): Promise<PsEntry[]> =>
  keelson.call('listInstances', { query: { stack: 'steady' } })

const wholeTimeline = async (keelson: Keelson): Promise<TimelineEntry[]> => {
  const entries: TimelineEntry[] = []
  let cursor: string | undefined
  do {
    const page = await keelson.call('getTimeline', {
      query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) },
    })
    entries.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return entries
}

const repeated = (items: readonly string[]): string[] =>
  items.filter((item, index) => items.indexOf(item) !== index)

test(`kill -9 at random moments, ${rounds} rounds`, async (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const keelson = await createKeelson()
  t.after(() => keelson.dispose())
  const startsFile = path.join(keelson.dataDir, 'starts.jsonl')
  const up = () =>
    keelson.run(['up', '--wait', '--progress', 'plain'], {
      cwd: folder,
      env: { STARTS_FILE: startsFile },
    })
  await up()
  const follower = followTimeline(keelson)
  t.after(() => follower.end())
  await waitFor('the follower is connected', async () => {
    // A follower sees only what happens after it has come: make something happen.
    if (follower.entries.length > 0) return true
    await keelson.call('restartService', { params: { name: 'steady/base' } })
    await sleep(500)
    return follower.entries.length > 0
  })

  const starts = async (): Promise<Start[]> =>
    (await readFile(startsFile, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Start)

  const strike = async (victim: Victim): Promise<boolean> => {
    switch (victim) {
      case 'service':
        return kill(random.pick(await instances(keelson)).pid)
      case 'gateway':
        return kill(await gatewayPid(keelson))
      case 'control':
        return kill(await controlPid(keelson))
      case 'postgres':
        return kill(await postmasterPid(keelson))
    }
  }

  /** Everything runs again, once, and the platform knows it. */
  const assertWell = async () => {
    await waitFor(
      'Keelson itself is well',
      async () => {
        const { parts } = await keelson.call('getSystem')
        await keelson.call('getTimeline', { query: { limit: 1 } })
        const ready = await fetch(`${keelson.url}/readyz`)
        return ready.ok && parts.every(({ state }) => state === 'healthy')
      },
      { deadlineMs: 60_000 },
    )
    const running = await waitFor(
      'all instances are healthy',
      async () => {
        const now = await instances(keelson)
        const healthy = now.filter(({ health }) => health === 'healthy')
        return healthy.length === wantedInstances.length && now.length === healthy.length
          ? now
          : undefined
      },
      { deadlineMs: 60_000 },
    )
    assert.deepEqual(running.map(({ service }) => service).toSorted(), wantedInstances)
    await waitFor('the gateway serves', async () => {
      const response = await fetch(`${keelson.gateway}/pair`)
      return response.ok && (await response.text()).startsWith('steady-pair-')
    })
    // One living incarnation each, and one sleeping grandchild of `parent`.
    await waitFor('no process is left over', async () => {
      const living = (await keelson.processes()).filter(({ command }) =>
        /service\.mjs|^sleep 3600$/.test(command.replace(/^.*shim.*$/, '')),
      )
      return living.length === wantedInstances.length + 1
    })
    const recorded = await starts()
    assert.deepEqual(
      recorded.filter(({ what }) => what === 'double'),
      [],
      'an instance was started while it was still alive',
    )
    const incarnations = recorded.map(({ instance, incarnation }) => `${instance} ${incarnation}`)
    assert.deepEqual(repeated(incarnations), [], 'one incarnation was started twice')
  }

  for (let round = 1; round <= rounds; round += 1) {
    // Every kind of victim comes up; the order, the moment and the instance are left to chance.
    const victim = round <= victims.length ? victims[round - 1]! : random.pick(victims)
    const delayMs = random.below(delayMsMax)
    // In every third round something is under way when it happens.
    const busy = round % 3 === 0
    await t.test(
      `round ${round}: ${victim} after ${delayMs} ms${busy ? ', restarting' : ''}`,
      async () => {
        if (busy) await keelson.call('restartService', { params: { name: 'steady/pair' } })
        await sleep(delayMs)
        await keelson.processes()
        // In the middle of a restart there is none for a moment.
        await waitFor(`${victim} is there to be killed`, () => strike(victim), { pollMs: 5 })
        if (victim === 'control') await up()
        await assertWell()
      },
    )
  }

  await t.test('no event was lost or doubled', async () => {
    const timeline = await wholeTimeline(keelson)
    assert.deepEqual(repeated(timeline.map(({ position }) => position)), [])
    assert.deepEqual(follower.resets, [])
    const first = follower.entries[0]?.position
    const newest = timeline[0]?.position
    await waitFor('the follower has heard the newest event', () =>
      follower.entries.some(({ position }) => position === newest),
    )
    const heard = follower.entries.map(({ position }) => position)
    assert.deepEqual(repeated(heard), [], 'the follower heard an event twice')
    const from = timeline.findIndex(({ position }) => position === first)
    const expected = timeline.slice(0, from + 1).map(({ position }) => position)
    const known = new Set(heard)
    assert.deepEqual(
      expected.filter((position) => !known.has(position)),
      [],
      'the follower missed an event',
    )
    // Every start that really happened is in the story.
    const told = timeline.filter(({ type }) => type === 'instance.started').length
    const adopted = timeline.filter(({ type }) => type === 'instance.adopted').length
    const happened = (await starts()).length
    assert.ok(told + adopted >= happened, `${happened} starts, ${told} told, ${adopted} adopted`)
  })

  await t.test('nothing is left after down', async () => {
    await keelson.run(['down', '--all'])
    await keelson.assertNothingLeft()
  })
})
