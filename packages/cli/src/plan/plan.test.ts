import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Change, Plan, PlanAction } from '@keelson/contract'
import picocolors from 'picocolors'
import { createPlatformFixture, runKeelson, type Call } from '../testing/platform-fixture.ts'
import { comparePlans, formatPlan, summarizePlan } from './describe.ts'

const action = (given: Partial<PlanAction> & Pick<PlanAction, 'kind' | 'subject'>): PlanAction => ({
  id: `${given.kind}:${given.subject}`,
  cause: 'it is declared and does not run',
  changes: [],
  after: [],
  waitFor: [],
  ...given,
})

const planOf = (actions: PlanAction[], given: Partial<Plan> = {}): Plan => ({
  stack: 'shop',
  revision: 2,
  digest: 'd1',
  actions,
  unchanged: [],
  ...given,
})

const origin = { file: '/w/compose.yaml', line: 7, column: 9 }
const changes = [
  { kind: 'changed', path: 'environment.LEVEL', before: 'info', after: 'debug', origin },
  { kind: 'changed', path: 'environment.DB_PASSWORD', before: null, after: null },
  { kind: 'added', path: 'labels.a', before: null, after: 'b' },
  { kind: 'changed', path: 'files', file: '/w/nginx.conf', before: null, after: null },
  {
    ...{ kind: 'changed', path: 'build', file: '/w/api', files: ['Dockerfile', 'src/main.py'] },
    ...{ before: null, after: null },
  },
  {
    ...{ kind: 'changed', path: 'environment.MODE', before: 'slow', after: 'fast' },
    origin: { file: '/w/.env.prod', line: 2, column: 1, note: 'env file variable MODE' },
  },
  {
    ...{ kind: 'changed', path: 'user', before: 'a', after: 'b' },
    origin: { file: 'environment', line: 0, column: 0, note: 'shell variable WHO' },
  },
] as const

test('a plan is told by service, what belongs to none first, each cause once', () => {
  const waitFor = [{ service: 'db', condition: 'service_healthy' as const }]
  const cause = 'environment.LEVEL has changed'
  const replaced = { kind: 'replace_instance', service: 'api', cause, waitFor } as const
  const text = formatPlan(
    planOf([
      action({ kind: 'start_instance', subject: 'shop-db-1', service: 'db' }),
      action({ kind: 'create_network', subject: 'shop_default', cause: 'there is none' }),
      action({
        ...replaced,
        subject: 'shop-api-1',
        changes: structuredClone([...changes]) as Change[],
        origin,
      }),
      action({
        ...replaced,
        subject: 'shop-api-2',
        changes: structuredClone([...changes]) as Change[],
        origin,
      }),
      action({ kind: 'stop_instance', subject: 'shop-old-1', service: 'old', cause: 'it is gone' }),
    ]),
    { cwd: '/w', colors: picocolors.createColors(false) },
  )
  assert.equal(
    text,
    `for the whole stack
  + create network  shop_default
      there is none

db
  + start instance  shop-db-1
      it is declared and does not run

api
  ~ replace instance  shop-api-1  after db healthy
  ~ replace instance  shop-api-2  after db healthy
      environment.LEVEL has changed  compose.yaml:7:9
        environment.LEVEL: info → debug  compose.yaml:7:9
        environment.DB_PASSWORD: (secret) → (secret)
        labels.a: b
        files (/w/nginx.conf): other content
        build (/w/api): Dockerfile, src/main.py
        environment.MODE: slow → fast  .env.prod:2:1 MODE
        user: a → b  shell WHO

old
  - stop instance  shop-old-1
      it is gone`,
  )
})

test('a plan in one line names the causes of what is replaced', () => {
  const actions = [
    action({ kind: 'start_instance', subject: 'a', service: 'a' }),
    action({ kind: 'replace_instance', subject: 'b', service: 'b', cause: 'image has changed' }),
  ]
  const unchanged = ['c', 'd']
  const expected = 'start 1, replace 1 (b: image has changed); 2 instances stay as they are'
  assert.equal(summarizePlan(planOf(actions, { unchanged })), expected)
  assert.equal(summarizePlan(planOf([])), 'nothing to do')
})

test('what another plan has and has not', () => {
  const before = planOf([action({ kind: 'start_instance', subject: 'a' })])
  const now = planOf([action({ kind: 'replace_instance', subject: 'b' })])
  assert.equal(comparePlans(before, now), 'now also replace instance b; no longer start instance a')
})

const compose = 'name: shop\nservices:\n  web: { image: a }\n'

const withStack = async (use: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-plan-'))
  try {
    await writeFile(join(folder, 'compose.yaml'), compose)
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const exits: [string, PlanAction[], string[], number][] = [
  ['nothing to do', [], ['plan', '--check'], 0],
  ['something to do', [action({ kind: 'start_instance', subject: 'a' })], ['plan'], 0],
  [
    'something to do, asked',
    [action({ kind: 'start_instance', subject: 'a' })],
    ['plan', '--check'],
    7,
  ],
  ['up --dry-run', [action({ kind: 'start_instance', subject: 'a' })], ['up', '--dry-run'], 7],
]

for (const [name, actions, args, expected] of exits) {
  test(`exit code ${expected}: ${name}`, async () => {
    await using platform = await createPlatformFixture(({ path }) => {
      if (path === '/api/v1/stacks') return { body: { items: [], nextCursor: null } }
      return path === '/api/v1/stacks/shop/plan' ? { body: planOf(actions) } : undefined
    })
    await withStack(async (cwd) => {
      const { code, stdout } = await runKeelson([...args, '--json'], { cwd, env: platform.env })
      assert.equal(code, expected)
      assert.deepEqual(JSON.parse(stdout), planOf(actions))
      assert.ok(platform.calls.every(({ method }) => method !== 'PUT'))
    })
  })
}

const outdated = {
  status: 409,
  body: {
    status: 409,
    code: 'plan_outdated',
    title: '',
    detail: 'changed',
    hint: 'look',
    type: '',
  },
}

/** A stack that somebody else changes so many times between plan and apply. */
const createMovingPlatform = (changesMax: number) => {
  let plans = 0
  const applied: (string | null)[] = []
  const answer = ({ method, path, query }: Call) => {
    if (path === '/api/v1/stacks') return { body: { items: [], nextCursor: null } }
    if (path === '/api/v1/sign-in') return { body: { setUp: false } }
    if (path === '/api/v1/setup-links') return { body: { url: 'http://x', expiresAt: '' } }
    if (path.endsWith('/plan')) {
      plans += 1
      const actions = [action({ kind: 'start_instance', subject: `shop-web-${plans}` })]
      return { body: planOf(actions, { digest: `digest-${plans}` }) }
    }
    if (method === 'PUT') {
      applied.push(query.get('plan'))
      return applied.length <= changesMax ? outdated : { body: planOf([]) }
    }
    if (path === '/api/v1/services') return { body: { items: [summary], nextCursor: null } }
    if (path === '/api/v1/stacks/shop/state') return { body: { stack: {}, rollouts: [] } }
    return path === '/api/v1/instances' ? { body: [] } : undefined
  }
  return { answer, applied }
}

const summary = {
  id: 'shop/web',
  name: 'web',
  stack: 'shop',
  state: 'healthy',
  reason: '',
  instancesHealthy: 1,
  instancesWanted: 1,
}

test('up carries out the plan it has shown, by its digest', async () => {
  const moving = createMovingPlatform(0)
  await using platform = await createPlatformFixture(moving.answer)
  await withStack(async (cwd) => {
    const { code, stderr, stdout } = await runKeelson(['up', '-d'], { cwd, env: platform.env })
    assert.equal(code, 0, stderr)
    assert.deepEqual(moving.applied, ['digest-1'])
    assert.match(stderr, /^Plan: start 1$/m)
    // A new link would end the one that somebody was given when the platform started.
    assert.ok(platform.calls.every(({ path: asked }) => asked !== '/api/v1/setup-links'))
    assert.match(stdout, /^Page: +http:\/\/\S+ {2}\(set up with: keelson open\)$/m)
  })
})

test('up of named services says so, to the plan and to what carries it out', async () => {
  const moving = createMovingPlatform(0)
  await using platform = await createPlatformFixture(moving.answer)
  await withStack(async (cwd) => {
    for (const args of [
      ['up', '-d', 'web'],
      ['up', '--dry-run', 'web'],
      ['up', '-d'],
    ]) {
      const asked = platform.calls.length
      await runKeelson(args, { cwd, env: platform.env })
      const named = platform.calls
        .slice(asked)
        .filter(({ method, path: to }) => method === 'PUT' || to.endsWith('/plan'))
        .map(({ query }) => query.get('named'))
      const expected = args.includes('web') ? 'web' : null
      assert.deepEqual(new Set(named), new Set([expected]), args.join(' '))
    }
  })
})

test('a stack that changed meanwhile: up tells what changed and takes the new plan, twice', async () => {
  const moving = createMovingPlatform(2)
  await using platform = await createPlatformFixture(moving.answer)
  await withStack(async (cwd) => {
    const { code, stderr } = await runKeelson(['up', '-d'], { cwd, env: platform.env })
    assert.equal(code, 0, stderr)
    assert.deepEqual(moving.applied, ['digest-1', 'digest-2', 'digest-3'])
    assert.match(stderr, /has changed since the plan was made: now also start instance shop-web-2/)
  })
})

test('one that never stands still is a conflict', async () => {
  const moving = createMovingPlatform(9)
  await using platform = await createPlatformFixture(moving.answer)
  await withStack(async (cwd) => {
    const { code } = await runKeelson(['up', '-d'], { cwd, env: platform.env })
    assert.equal(code, 5)
    assert.equal(moving.applied.length, 3)
  })
})
