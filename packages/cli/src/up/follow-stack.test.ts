import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainStack, plainService, type Rollout } from '@keelson/contract'
import { createClient } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { createOutput } from '../output.ts'
import { createReporter } from '../progress/reporter.ts'
import { createPlatformFixture, type Answer, type Call } from '../testing/platform-fixture.ts'
import { followStack } from './follow-stack.ts'

const at = '2026-01-01T00:00:00.000Z'
const spec = {
  ...plainStack,
  ...{ name: 'shop', workingDir: '/nowhere' },
  services: [{ ...plainService, name: 'web', probe: null }],
}
const summary = { id: 'shop/web', name: 'web', stack: 'shop', state: 'healthy', reason: '' }
const instance = { service: 'web', stack: 'shop', instance: 'shop-web-1', state: 'running' }
const rollout: Rollout = {
  ...{ service: 'web', strategy: 'rolling', phase: 'running', fromRevision: 1, toRevision: 2 },
  ...{ done: 1, total: 3, text: '', startedAt: at, endedAt: null, canRollBack: true },
}
const unavailable = (status: number): Answer => ({
  status,
  body: { status, code: 'internal', title: '', detail: 'not now', hint: '', type: '' },
})

const contextOf = (dataFolder: string): Context => ({
  ...{ cwd: '/nowhere', env: {}, dataFolder },
  output: createOutput({ env: {}, color: false, quiet: true }),
  shared: {
    ...{ files: [], envFiles: [], projectName: undefined, projectFolder: undefined },
    ...{ profiles: [], json: false, quiet: true },
  },
})

/** Follows a stack that looks well all the time; `state` answers about its updates. */
const follow = async (state: (look: number) => Answer, lostMaxMs = 60_000) => {
  let looks = 0
  const answers = ({ path }: Call): Answer | undefined => {
    if (path === '/api/v1/stacks/shop/state') return state((looks += 1))
    if (path === '/api/v1/instances') return { body: [instance] }
    if (path === '/api/v1/services') return { body: { items: [summary], nextCursor: null } }
    return undefined
  }
  await using fixture = await createPlatformFixture(answers)
  const { url } = fixture
  const context = contextOf(fixture.folder)
  const call = createClient({ baseUrl: url })
  const platform = { url, gatewayUrl: url, pid: process.pid, headers: async () => ({}), call }
  const reporter = createReporter('quiet', context)
  const signal = new AbortController().signal
  const options = { context, platform, reporter, spec, waitMs: Infinity, lostMaxMs, signal }
  return { ended: await followStack(options), looks }
}

const answered = (...rollouts: Rollout[]): Answer => ({
  body: { stack: {}, services: [], drift: [], rollouts, checkedAt: at },
})

test('a platform that gives no answer about updates has not said that they are done', async () => {
  const { ended, looks } = await follow((look) => {
    if (look === 1) return answered(rollout)
    if (look === 2) return unavailable(503)
    if (look === 3) return unavailable(404)
    if (look === 4) return answered(rollout)
    return answered({ ...rollout, phase: 'completed', endedAt: at })
  })
  assert.equal(ended, 'up')
  assert.ok(looks > 4, `${looks} looks`)
})

test('an update that is rolled back after the platform was away is a failure', async () => {
  const endedAt = new Date(Date.now() + 60_000).toISOString()
  const { ended } = await follow((look) =>
    look === 1 ? unavailable(503) : answered({ ...rollout, phase: 'rolled_back', endedAt }),
  )
  assert.equal(ended, 'unhealthy')
})

test('a platform that does not come back is an error, and never a success', async () => {
  await assert.rejects(
    follow(() => unavailable(500), 0),
    /has not answered for .* whether shop is up is not known/,
  )
})
