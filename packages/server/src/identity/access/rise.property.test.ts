import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  builtInRoles,
  objectName,
  platformObject,
  serviceObject,
  stackObject,
  type ObjectRef,
  type Permission,
  type Selector,
} from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import type { Queryable } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { after, hourMs, openTokens } from '../testing/open-tokens.ts'

/**
 * Somebody who may grant, within bounds, does whatever comes to their mind, and so do the programs they
 * make tokens of. Held against decisions as plain as they can be written.
 */

const objects: ObjectRef[] = [
  ...[platformObject, stackObject('a'), stackObject('b')],
  serviceObject('a', 'x', { labels: { tier: 'front' }, owner: 'ana' }),
  ...[serviceObject('a', 'y'), serviceObject('b', 'x', { labels: { tier: 'back' } })],
]
const asked: Permission[] = [
  ...(['services:read', 'services:restart', 'stacks:write'] as const),
  ...(['users:write', 'access:write', 'system:write'] as const),
]
/** What mallory has herself, so that not all is refused. */
const near: Selector[] = [
  ...[{ name: 'platform' }, { name: 'stack:a' }, { name: 'service:a/*' }, { name: 'service:a/x' }],
]
const selectors: Selector[] = [
  ...[...near, ...near, ...near],
  ...[{}, { name: 'platform' }, { name: 'stack:a' }, { name: 'stack:b' }, { name: 'stack:*' }],
  ...[{ name: 'service:a/*' }, { name: 'service:*/x' }, { name: 'service:a/x' }],
  ...[{ labels: { tier: 'front' } }, { labels: { tier: 'back' }, name: 'stack:b' }],
  { owner: 'ana' },
]
const roles = [
  ...['viewer', 'operator', 'editor', 'administrator', 'granter', 'own'],
  ...['viewer', 'operator', 'own'],
]

type Row = {
  principal_id: string | null
  team_id: string | null
  role: string
  effect: string
  selector: Selector
  expires_at: Date | null
}
type World = {
  grants: Row[]
  teams: Map<string, string[]>
  roles: Map<string, readonly string[]>
  principals: string[]
  mapped: { role: string; on?: Selector }[]
}

const readWorld = async (db: Queryable): Promise<World> => {
  const own = await db.many<{ name: string; permissions: string[] }>('select * from identity.role')
  const members = await db.many<{ principal_id: string; team_id: string }>(
    'select * from identity.team_member',
  )
  const providers = await db.many<{ role_map: World['mapped'] }>(
    'select role_map from identity.provider',
  )
  const principals = await db.many<{ id: string }>('select id from identity.principal')
  return {
    grants: await db.many<Row>('select * from identity.grant_held'),
    teams: Map.groupBy(members, (one) => one.principal_id)
      .entries()
      .reduce(
        (all, [id, joined]) =>
          all.set(
            id,
            joined.map((one) => one.team_id),
          ),
        new Map<string, string[]>(),
      ),
    roles: new Map<string, readonly string[]>([
      ...Object.entries(builtInRoles).map(([name, role]) => [name, role.permissions] as const),
      ...own.map(({ name, permissions }) => [name, permissions] as const),
    ]),
    principals: principals.map(({ id }) => id),
    mapped: providers.flatMap(({ role_map }) => role_map),
  }
}

/** `stack:a` is the stack and all in it. */
const isOn = ({ name, labels = {}, owner }: Selector, object: ObjectRef): boolean => {
  const names = [objectName(object), ...object.path.slice(0, 1).map((stack) => `stack:${stack}`)]
  const pattern = new RegExp(`^${(name ?? '').replaceAll('*', '[^/:]*')}$`)
  return (
    (name === undefined || names.some((one) => pattern.test(one))) &&
    Object.entries(labels).every(([label, value]) => object.labels?.[label] === value) &&
    (owner === undefined || object.owner === owner)
  )
}

const mayIn = (world: World, id: string, permission: string, object: ObjectRef, at: Date) => {
  const about = world.grants.filter(
    (row) =>
      (row.principal_id === id || world.teams.get(id)?.includes(row.team_id ?? '') === true) &&
      (row.expires_at === null || row.expires_at > at) &&
      world.roles.get(row.role)?.includes(permission) === true &&
      isOn(row.selector, object),
  )
  return about.length > 0 && about.every(({ effect }) => effect === 'allow')
}

const isMapped = (world: World, permission: string, object: ObjectRef): boolean =>
  world.mapped.some(
    ({ role, on = {} }) => world.roles.get(role)?.includes(permission) === true && isOn(on, object),
  )

/** The same numbers for the same seed (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] ?? assert.fail('nothing')
}

const stepsEach = 100
const ends = ['', '', after(hourMs / 2), after(2 * hourMs)]

const play = async (seed: number): Promise<number> => {
  await using keelson = await openTokens()
  const { identity, db, clock } = keelson
  const { grants, teams, people, providers } = identity
  const pick = randomOf(seed)
  const anyPermissions = () => asked.filter(() => pick([true, false]))
  const anyGrant = () => {
    const expiresAt = pick(ends)
    const effect = pick(['allow', 'allow', 'deny'] as const)
    const what = { role: pick(roles), on: pick(selectors), effect }
    return { ...what, ...(expiresAt === '' ? {} : { expiresAt }) }
  }

  const granter: Permission[] = ['access:write', 'users:write', 'system:write']
  await identity.roles.put('granter', { permissions: granter }, localActor)
  await identity.roles.put('own', { permissions: anyPermissions() }, localActor)
  const users = ['mallory', 'bob']
  for (const name of users) await keelson.addPerson(name)
  const accounts = ['robot', 'deploy']
  for (const name of accounts) await keelson.accounts.create({ name }, localActor)
  await teams.create({ name: 'crew' }, localActor)
  const on = { name: 'platform' }
  await grants.create({ user: 'mallory', role: 'granter', on }, localActor)
  await grants.create({ user: 'mallory', role: 'editor', on: { name: 'stack:a' } }, localActor)
  for (const user of ['mallory', 'mallory', 'bob', 'robot']) {
    await grants.create({ user, ...anyGrant() }, localActor)
  }
  await grants.create({ team: 'crew', ...anyGrant() }, localActor)
  const provider = { name: 'Corp', issuer: 'https://id.example.org', clientId: 'k', disabled: true }
  const anyMap = () => [{ group: 'g', role: pick(roles), on: pick(selectors) }]
  await providers.providers.put('corp', { ...provider, roles: anyMap() }, localActor)

  const mallory = (await people.find('mallory')).id
  const { token: session } = await keelson.signIn('mallory')
  const first = await readWorld(db)
  const secrets: string[] = []
  const linked = new Set<string>()
  const holders = () => pick([...users, ...accounts])
  const asSomebody = (): Promise<Actor> => {
    const secret = pick(['', ...secrets])
    return secret === '' ? keelson.authenticate(session) : keelson.present(secret)
  }
  const anyToken = async () => (await identity.tokens.list({ ownerId: null, limit: 100 })).items

  const steps: Record<string, (by: Actor) => Promise<unknown>> = {
    grant: (by) => grants.create({ user: holders(), ...anyGrant() }, by),
    grantTeam: (by) => grants.create({ team: 'crew', ...anyGrant() }, by),
    revoke: async (by) => {
      const { items } = await grants.list({ limit: 100 })
      if (items.length > 0) await grants.revoke(pick(items).id, by)
    },
    role: (by) => identity.roles.put('own', { permissions: anyPermissions() }, by),
    join: (by) => teams.addMember('crew', holders(), by),
    leave: (by) => teams.removeMember('crew', holders(), by),
    account: async (by) => {
      const name = `made-${accounts.length}`
      await keelson.accounts.create({ name, role: pick(roles) }, by)
      accounts.push(name)
    },
    token: async (by) => secrets.push((await keelson.make(pick(accounts), {}, by)).secret),
    rotate: async (by) => {
      const known = await anyToken()
      if (known.length === 0) return
      const { owner, id } = pick(known)
      const rotation = { overlapMinutes: pick([0, 30]) }
      secrets.push((await identity.tokens.rotate(owner, id, rotation, by)).secret)
    },
    reset: async (by) => {
      const name = pick(users)
      await people.startReset(name, by)
      linked.add((await people.find(name)).id)
    },
    invite: async (by) => {
      const name = `guest-${users.length}`
      await people.invite({ name, role: pick(roles) }, by)
      users.push(name)
      linked.add((await people.find(name)).id)
    },
    provider: (by) => providers.providers.put('corp', { ...provider, roles: anyMap() }, by),
  }

  const now = clock.now()
  const check = async (words: string): Promise<void> => {
    const world = await readWorld(db)
    const actors = await Promise.all(
      secrets.map((secret) => keelson.present(secret).catch(() => null)),
    )
    for (const permission of asked) {
      for (const object of objects) {
        const about = `${words}: ${permission} on ${objectName(object)}`
        const could = (id: string, at: Date) => mayIn(first, id, permission, object, at)
        for (const at of [now, new Date(now.getTime() + hourMs)]) {
          for (const id of world.principals) {
            if (!mayIn(world, id, permission, object, at)) continue
            const isOld = could(id, at) && !linked.has(id)
            assert.ok(isOld || could(mallory, at), `${id} rose by ${about}`)
          }
        }
        for (const actor of actors) {
          if (actor?.may(permission, object) !== true) continue
          assert.ok(could(mallory, now), `a token of ${actor.name} rose by ${about}`)
        }
        if (isMapped(world, permission, object) && !isMapped(first, permission, object)) {
          assert.ok(could(mallory, new Date(8.64e15)), `a provider rose by ${about}`)
        }
      }
    }
  }

  let done = 0
  for (let step = 0; step < stepsEach; step += 1) {
    const what = pick(Object.keys(steps))
    const by = await asSomebody().catch(() => null)
    if (by === null) continue
    const refused = await steps[what]?.(by).then(
      () => null,
      (error: unknown) => error,
    )
    if (refused instanceof AppError) continue
    if (refused !== null) throw refused
    done += 1
    await check(`seed ${seed}, step ${step}: ${what} by ${by.name}`)
  }
  return done
}

test('nobody makes anybody rise beyond themselves, whatever they do', async () => {
  let done = 0
  for (const seed of [1, 2]) done += await play(seed)
  assert.ok(done > 20, `only ${done} steps were not refused: this shows little`)
})
