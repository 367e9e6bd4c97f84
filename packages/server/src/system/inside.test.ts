import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  api,
  type Endpoint,
  type EndpointName,
  type FilesPlan,
  type Plan,
  type PlanAction,
  type ServicesStatus,
  type ServiceSummary,
  type Stack,
  type StackObservation,
  type StackRevision,
  type StackState,
  type StackUsage,
  type TimelineEntry,
  type Why,
} from '@keelson/contract'
import type { TSchema } from 'typebox'
import type { Actor } from '../kernel/actor.ts'
import { until } from '../kernel/testing/index.ts'
import { readableTo } from '../orchestrator/index.ts'
import { planFor } from '../orchestrator/views/readable-plan.ts'
import {
  markOf,
  names,
  openMarkedShop,
  readerWithout,
  secret,
  shopWith,
  waitMs,
  type MarkedShop,
} from './testing/marked-shop.ts'

let shop: MarkedShop
before(async () => {
  shop = await openMarkedShop()
})
after(() => shop[Symbol.asyncDispose]())

const without = (...denied: readonly string[]) => shop.as(readerWithout(denied))
const told = (answer: unknown): string[] => {
  const text = JSON.stringify(answer)
  return names.filter((name) => text.includes(markOf(name)))
}

/** Those that answer about a stack, or list what may be read: whoever reads changes nothing. */
const reading: ReadonlySet<string> = new Set([
  ...['stacks:read', 'services:read', 'logs:read', 'status:read'],
])
const endpoints = (Object.entries(api) as [EndpointName, Endpoint][]).filter(
  ([, { on, permission }]) => on !== undefined && on !== 'gateway' && reading.has(permission),
)
const pathOf = ({ path }: Endpoint, service: string): string =>
  path.slice('/api/v1/'.length).replace(':stack', 'shop').replace(':name', `shop%2F${service}`)

const subsets: string[][] = names.reduce<string[][]>(
  (all, name) => [...all, ...all.map((some) => [...some, name])],
  [[]],
)
for (const denied of subsets) {
  const seen = names.filter((name) => !denied.includes(name))
  const whom = denied.length === 0 ? 'nobody is kept from' : `who is kept from ${denied.join(', ')}`
  test(`ASVS 8.2.3: no answer tells of a service what may not be read of it: ${whom}`, async () => {
    without(...denied)
    const all = new Set<string>()
    for (const [name, endpoint] of endpoints) {
      const services = endpoint.on === 'service' ? seen : ['']
      for (const service of services) {
        assert.equal(endpoint.method, 'GET', name)
        const answer = await shop.ask('GET', pathOf(endpoint, service))
        for (const one of told(answer)) {
          all.add(one)
          assert.ok(!denied.includes(one), `${name} ${service}: ${JSON.stringify(answer)}`)
        }
      }
    }
    const live = [
      ...(await shop.follow('services')),
      ...(await shop.follow('actions')),
      ...(await shop.replay('timeline')),
      ...(await shop.replay('stacks')),
    ]
    assert.deepEqual(
      told(live).filter((one) => denied.includes(one)),
      [],
      JSON.stringify(live),
    )
    assert.deepEqual([...all].toSorted(), seen)
  })
}

/** `path.field` of each field in answers of an endpoint. */
const fieldsOf = (schema: TSchema, path: string): string[] => {
  const {
    properties = {},
    items,
    anyOf = [],
  } = schema as {
    properties?: Record<string, TSchema>
    items?: TSchema
    anyOf?: TSchema[]
  }
  return [
    path,
    ...Object.entries(properties).flatMap(([name, one]) => fieldsOf(one, `${path}.${name}`)),
    ...[...(items === undefined ? [] : [items]), ...anyOf].flatMap((one) => fieldsOf(one, path)),
  ]
}

/** What it takes to be told a field, wherever it is in an answer. */
const permissionsOf = (field: RegExp): string[] => {
  const found = (Object.entries(api) as [EndpointName, Endpoint][]).flatMap(
    ([name, { response, permission }]) =>
      response !== null && fieldsOf(response, name).some((path) => field.test(path))
        ? [permission]
        : [],
  )
  return [...new Set(found)].toSorted()
}

const planOf = async () => (await shop.ask<FilesPlan>('GET', 'stacks/shop/files/plan')).plan

/** Of a stack whose Kong file changes. */
const kongPlanFor = (actor: Actor): Plan => {
  const { registry } = shop.house
  const action: PlanAction = {
    ...{ id: 'configure_gateway:kong.yaml', kind: 'configure_gateway', subject: 'kong.yaml' },
    ...{ cause: `${markOf('ant')} is new`, changes: [], after: [], waitFor: [] },
  }
  const plan = { stack: 'shop', revision: 2, digest: '', actions: [action], unchanged: [] }
  return planFor(plan, readableTo({ actor, stack: 'shop', registry }))
}

/** Each row of the table in docs/access.md, by its first two columns. */
const rows: Record<string, () => Promise<void> | void> = {
  'a stack: a service of it': async () => {
    without('ant', 'cat')
    const state = await shop.ask<StackState>('GET', 'stacks/shop/state')
    assert.deepEqual(
      state.services.map(({ summary }) => summary.name),
      ['bee'],
    )
    assert.deepEqual(
      state.drift.filter(({ service }) => service !== null && service !== 'bee'),
      [],
    )
    const updated = async () =>
      (await shop.ask<StackState>('GET', 'stacks/shop/state')).rollouts.map(
        ({ service }) => service,
      )
    assert.deepEqual(new Set(await updated()), new Set(['bee']))
    const usage = await shop.ask<StackUsage>('GET', 'stacks/shop/usage')
    assert.deepEqual([...new Set(usage.instances.map(({ service }) => service))], ['bee'])
    for (const stack of [
      state.stack,
      await shop.ask<Stack>('GET', 'stacks/shop'),
      ...(await shop.ask<{ items: Stack[] }>('GET', 'stacks')).items.filter(
        ({ name }) => name === 'shop',
      ),
    ]) {
      assert.deepEqual([stack.services, stack.hidden], [[...names], 2])
    }
    assert.equal(state.stack.driftCount, state.drift.length)
    without()
    assert.equal((await shop.ask<Stack>('GET', 'stacks/shop')).hidden, undefined)
  },
  'a plan: what changes in a service': async () => {
    without('bee')
    const { actions } = await planOf()
    const hidden = actions.filter((action) => action.hidden === true)
    assert.ok(hidden.every(({ subject }) => /^(shop-bee-\d|bee)$/.test(subject)))
    const kinds = new Set(hidden.map(({ kind }) => (kind.endsWith('_instance') ? 'start' : kind)))
    assert.deepEqual([...kinds], ['pull_image', 'create_database', 'start'])
    for (const { cause, changes, after, waitFor, origin } of hidden) {
      assert.deepEqual(
        [cause, changes, after, waitFor, origin],
        ['why is not yours to see', [], [], [], undefined],
      )
    }
    const ids = new Set(actions.map(({ id }) => id))
    assert.equal(ids.size, actions.length)
    assert.ok(actions.every((action) => action.after.every((id) => ids.has(id))))
    const guess = await shop.request('POST', 'stacks/shop/plan', shopWith('guessed'))
    assert.equal(guess.status, 403, guess.text)
    const { digest } = await planOf()
    shop.as(readerWithout(['bee'], { alsoNot: [] }))
    const whole = await planOf()
    assert.deepEqual(told(whole), [...names], 'whoever may apply it sees all of it')
    assert.notEqual(digest, whole.digest, 'a digest of hidden values confirms a guess of them')
    const made = await shop.request('POST', 'stacks/shop/plan', shopWith('in_files'))
    assert.equal(made.status, 200, made.text)
  },
  'a plan: what a Kong file changes': () => {
    without()
    assert.deepEqual(told(kongPlanFor(readerWithout([]))), ['ant'])
    const { actions } = kongPlanFor(
      readerWithout([], { alsoNot: ['stacks:write', 'gateway:read'] }),
    )
    assert.deepEqual([told(actions), actions[0]?.kind], [[], 'configure_gateway'])
  },
  'a plan of files: warnings and faults, which quote lines': async () => {
    without('bee')
    assert.deepEqual((await shop.ask<FilesPlan>('GET', 'stacks/shop/files/plan')).warnings, [])
    without()
    const { warnings } = await shop.ask<FilesPlan>('GET', 'stacks/shop/files/plan')
    assert.equal(warnings.length, 3)
    const { read } = shop.files
    const fault = { message: `${markOf('bee')}_line is no command` }
    shop.files.read = { kind: 'refused', code: 'compose_invalid', faults: [fault] }
    const whole = await shop.request('GET', 'stacks/shop/files/plan')
    without('bee')
    const part = await shop.request('GET', 'stacks/shop/files/plan')
    shop.files.read = read
    assert.deepEqual([whole.status, told(whole.text)], [422, ['bee']])
    assert.deepEqual([part.status, told(part.text)], [422, []])
    assert.match(part.text, /told to whoever may read all of its services/)
  },
  'a revision: what it changed': async () => {
    const texts = async () =>
      (await shop.ask<{ items: StackRevision[] }>('GET', 'stacks/shop/revisions')).items.map(
        ({ text }) => text,
      )
    without('bee')
    assert.deepEqual(await texts(), [
      ...['What it changed is not all yours to see', 'First applied, with 3 services'],
    ])
    shop.as(readerWithout(['bee'], { alsoNot: [] }))
    assert.match((await texts())[0] ?? '', /bee: environment\.mark_bee_name changed/)
  },
  'the logs of a stack: lines of a service': async () => {
    shop.as(readerWithout(['bee']))
    assert.deepEqual(told(await shop.ask('GET', 'stacks/shop/logs')), ['ant', 'cat'])
  },
  'a service that suffers from another: why the other is not well': async () => {
    without('ant')
    const cause = async () =>
      (await shop.ask<Why>('GET', 'services/shop%2Fcat/why')).service.cause?.text ?? ''
    assert.match(await cause(), /^ant is \w+$/)
    without()
    await until('the reason is told', async () => /^ant is \w+: ./.test(await cause()), waitMs)
  },
  'the state of services: reasons': async () => {
    without('ant')
    const { services } = await shop.ask<ServicesStatus>('GET', 'services/status?stack=shop')
    const ant = Object.values(services)
      .flat()
      .find(({ name }) => name === 'ant')
    assert.deepEqual([ant?.name, ant?.reason], ['ant', ''])
  },
  'the timeline: findings': async () => {
    const { db } = shop
    await db.transaction((tx) =>
      shop.house.events.publish(tx, {
        ...{ type: 'gap.accepted', subject: 'shop' },
        payload: {
          ...{ stack: 'shop', fingerprint: 'aaaaaaaa', message: 'found' },
          ...{ reason: 'so be it', by: 'ana' },
        },
      }),
    )
    const findings = async () =>
      (await shop.ask<{ items: TimelineEntry[] }>('GET', 'timeline?limit=500')).items.filter(
        ({ type }) => type === 'gap.accepted',
      ).length
    without()
    await until('it is in the timeline', async () => (await findings()) === 1, waitMs)
    shop.as(readerWithout([], { alsoNot: ['gaps:read'] }))
    assert.equal(await findings(), 0)
  },
  'the stack as it is seen running: a service of it, but whether it runs and is well': async () => {
    without('ant')
    const seen = await shop.ask<StackObservation>('GET', 'stacks/shop/observation')
    const { instances, requests, notApplied } = seen
    assert.deepEqual(
      [requests, notApplied].map((all) => all.map(({ service }) => service)),
      [
        ['bee', 'cat'],
        ['bee', 'cat'],
      ],
    )
    const ant = instances.find(({ service }) => service === 'ant')
    assert.deepEqual([ant?.isHealthy, ant?.reason], [false, ''])
  },
  'an action on a service: the service, but its state': async () => {
    shop.as(readerWithout([], { alsoNot: ['services:read'] }))
    const start = () => shop.ask<ServiceSummary>('POST', 'services/shop%2Fant/start')
    const { name, reason } = await start()
    assert.deepEqual([name, reason], ['ant', ''])
    without()
    assert.notEqual((await start()).reason, '')
  },
  'people: e-mail addresses, and addresses they came from': () => {
    const allowed = ['account:own', 'users:read', 'users:write']
    assert.deepEqual(permissionsOf(/\.email$/), allowed)
    assert.deepEqual(permissionsOf(/\.lastUsedAddress$/), allowed)
    assert.deepEqual(permissionsOf(/(Sessions|Clients)\..*address$/), ['account:own', 'users:read'])
  },
  'the audit: what was before and after, and from where': () => {
    assert.deepEqual(permissionsOf(/Audit\..*(before|after|address)$/), ['audit:read'])
  },
  'the gateway: what proves who a consumer is': () => {
    assert.deepEqual(permissionsOf(/(Consumer|Credential|Key)s?\..*(secret|password|key)$/), [
      'gateway:write',
    ])
    assert.equal(api.exportGatewaySecrets.permission, 'gateway:secrets')
  },
  'a service: values that are secret': async () => {
    without()
    for (const [, endpoint] of endpoints) {
      if (endpoint.method !== 'GET') continue
      const { text } = await shop.request('GET', pathOf(endpoint, 'bee'))
      assert.ok(!text.includes(secret), endpoint.path)
    }
  },
}

const documented = (): string[] => {
  const text = readFileSync(join(import.meta.dirname, '../../../../docs/access.md'), 'utf8')
  const [, section = ''] = text.split('\n## What is inside of what you may read\n')
  const table = section.split('\n## ')[0]?.split('\n') ?? []
  return table
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|').slice(1, 3))
    .map((cells) => cells.map((cell) => cell.trim()).join(': '))
}

for (const [row, check] of Object.entries(rows))
  test(`ASVS 8.2.3: inside of what may be read, only whoever may is told: ${row}`, check)

test('ASVS 8.2.3: every row of the table in the documentation is tested', () => {
  assert.deepEqual(documented(), Object.keys(rows))
})
