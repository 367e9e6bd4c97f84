import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  permissions,
  selectorName,
  type ObjectRef,
  type Permission,
  type Selector,
} from '@keelson/contract'
import { createEngine, type AccessFacts, type Decision, type Grant } from './engine.ts'

/** The rules of ADR 0022 as they are written there, with no thought of speed. */
const decidePlainly = (
  facts: AccessFacts,
  principal: string,
  permission: Permission,
  object: ObjectRef | null,
  nowMs: number,
): Decision['reason'] => {
  if (facts.disabled.has(principal)) return 'disabled'
  const about = facts.grants.filter(
    ({ holder, role, expiresAt }) =>
      (holder.kind === 'principal'
        ? holder.id === principal
        : (facts.teams.get(principal) ?? []).includes(holder.id)) &&
      (facts.roles.get(role) ?? []).includes(permission) &&
      (expiresAt === null || expiresAt.getTime() > nowMs),
  )
  const isDenied = about.some(
    ({ effect, on }) =>
      effect === 'deny' &&
      (object === null ? Object.keys(on).length === 0 : matchesPlainly(on, object)),
  )
  if (isDenied) return 'denied'
  const isAllowed = about.some(
    ({ effect, on }) =>
      effect === 'allow' && (object === null ? !isNothing(on) : matchesPlainly(on, object)),
  )
  return isAllowed ? 'allowed' : 'no_grant'
}

/** Kept from before it was refused: a part that names nothing. */
const isNothing = ({ labels, owner }: Selector): boolean =>
  owner === '' || (labels !== undefined && Object.keys(labels).length === 0)

const matchesPlainly = (on: Selector, object: ObjectRef): boolean =>
  !isNothing(on) && matchesParts(on, object)

const matchesParts = ({ name, labels = {}, owner }: Selector, object: ObjectRef): boolean =>
  (name === undefined || namesPlainly(name, object)) &&
  Object.entries(labels).every(
    ([label, value]) =>
      Object.hasOwn(object.labels ?? {}, label) && object.labels?.[label] === value,
  ) &&
  (owner === undefined || object.owner === owner)

const namesPlainly = (name: string, { kind, path }: ObjectRef): boolean => {
  const pattern = name.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '[^/]*')
  const is = (text: string): boolean => new RegExp(`^${pattern}$`, 'su').test(text)
  // Of a stack: the stack itself, everything within, or all stacks.
  if (!name.startsWith('stack')) return kind === name || is(`${kind}:${path.join('/')}`)
  if (path.length === 0) return false
  return name === 'stack' || path.some((_, at) => is(`stack:${path.slice(0, at + 1).join('/')}`))
}

// Few names, so that many of them meet.
const word = fc.constantFrom('a', 'ab', 'aba', 'b', 'é.+')
const wild = fc.constantFrom('a', 'a*', '*b', '*a*a*', 'ab', 'a*a', 'b', '*', 'é.+', '**')
const permission = fc.constantFrom<Permission>('services:read', 'services:restart', 'stacks:write')
const labels = fc.dictionary(fc.constantFrom('team', 'tier', '__proto__'), word, { maxKeys: 2 })

const object: fc.Arbitrary<ObjectRef> = fc.oneof(
  fc.constantFrom<ObjectRef>({ kind: 'platform', path: [] }, { kind: 'gateway', path: [] }),
  fc.tuple(word).map((path): ObjectRef => ({ kind: 'stack', path })),
  fc
    .record({ path: fc.tuple(word, word), labels, owner: word })
    .map((more): ObjectRef => ({ kind: 'service', ...more })),
)

const name = fc.oneof(
  fc.constantFrom('platform', 'gateway', 'stack', 'service'),
  wild.map((stack) => `stack:${stack}`),
  fc.tuple(wild, wild).map(([stack, service]) => `service:${stack}/${service}`),
)
const selector: fc.Arbitrary<Selector> = fc.record(
  { name, labels, owner: word },
  { requiredKeys: [] },
)

const grant: fc.Arbitrary<Grant> = fc.record({
  id: fc.uuid(),
  holder: fc.record({
    kind: fc.constantFrom('principal', 'team'),
    id: fc.constantFrom('p1', 'p2', 't1', 't2'),
  }),
  role: fc.constantFrom('reader', 'restarter', 'all', 'unknown'),
  effect: fc.constantFrom('allow', 'allow', 'deny'),
  on: selector,
  expiresAt: fc.constantFrom(null, new Date(1000), new Date(3000)),
})

const facts: fc.Arbitrary<AccessFacts> = fc.record({
  disabled: fc.constantFrom(new Set<string>(), new Set(['p2'])),
  teams: fc.constantFrom(new Map(), new Map([['p1', ['t1', 't2']]]), new Map([['p2', ['t1']]])),
  roles: fc.constant(
    new Map<string, readonly Permission[]>([
      ['reader', ['services:read']],
      ['restarter', ['services:read', 'services:restart']],
      ['all', permissions],
    ]),
  ),
  grants: fc.array(grant, { maxLength: 12 }),
})

test('the engine decides, and explains, as the rules say', () => {
  const asked = fc.record({
    facts,
    principal: fc.constantFrom('p1', 'p2', 'nobody'),
    permission,
    object: fc.option(object),
    nowMs: fc.constantFrom(0, 1000, 2000),
  })
  const check = fc.property(asked, ({ facts, principal, permission, object, nowMs }) => {
    const engine = createEngine(facts)
    const expected = decidePlainly(facts, principal, permission, object, nowMs)
    const decision = engine.decide(principal, permission, object, nowMs)
    assert.equal(decision.reason, expected)
    assert.equal(decision.allowed, expected === 'allowed')
    const { considered, ...explained } = engine.explain(principal, permission, object, nowMs)
    assert.deepEqual(explained, decision)
    assert.equal(considered.filter(({ why }) => why === 'decides').length, decision.by ? 1 : 0)
    assert.equal(
      engine.held(principal, nowMs).has(permission),
      decidePlainly(facts, principal, permission, null, nowMs) === 'allowed',
    )
  })
  fc.assert(check, { numRuns: 3000 })
})

const allow = (role: string, on: Selector = {}): Grant => ({
  ...{ id: role, holder: { kind: 'principal', id: 'ana' }, role, effect: 'allow', on },
  expiresAt: null,
})
const decide = (grants: Grant[], permission: Permission, object: ObjectRef): boolean => {
  const roles = new Map<string, Permission[]>([['restarter', ['services:restart']]])
  const engine = createEngine({ disabled: new Set(), teams: new Map(), roles, grants })
  return engine.decide('ana', permission, object, 0).allowed
}
const web: ObjectRef = {
  ...{ kind: 'service', path: ['shop', 'web'], owner: 'payments' },
  labels: { tier: 'front' },
}

const covering: [string, Selector, boolean][] = [
  ['everything', {}, true],
  ['its stack', { name: 'stack:shop' }, true],
  ['all stacks', { name: 'stack' }, true],
  ['stacks that begin so', { name: 'stack:sh*' }, true],
  ['the service', { name: 'service:shop/web' }, true],
  ['a service of this name in any stack', { name: 'service:*/web' }, true],
  ['its owner', { owner: 'payments' }, true],
  ['its label', { labels: { tier: 'front' } }, true],
  ['another stack', { name: 'stack:sho' }, false],
  ['the platform alone', { name: 'platform' }, false],
  ['its owner, in another stack', { name: 'stack:other', owner: 'payments' }, false],
  ['another value of the label', { labels: { tier: 'back' } }, false],
  ['labels, of which none is named', { labels: {} }, false],
  ['its stack and no label', { name: 'stack:shop', labels: {} }, false],
  ['an owner who is not named', { owner: '' }, false],
]
for (const [what, on, covers] of covering) {
  test(`a grant on ${what} ${covers ? 'covers' : 'does not cover'} service:shop/web`, () => {
    assert.equal(decide([allow('restarter', on)], 'services:restart', web), covers)
  })
}

test('a grant kept with labels of which none is named gives nothing anywhere, and denies nothing', () => {
  const roles = new Map<string, Permission[]>([['restarter', ['services:restart']]])
  const facts = { disabled: new Set<string>(), teams: new Map<string, string[]>(), roles }
  const nothing = allow('restarter', { labels: {} })
  assert.equal(createEngine({ ...facts, grants: [nothing] }).held('ana', 0).size, 0)
  const denied = [allow('restarter'), { ...nothing, effect: 'deny' as const }]
  assert.equal(decide(denied, 'services:restart', web), true)
  assert.equal(selectorName(nothing.on), 'nothing')
})

test('a deny on one service wins over an allow on everything, and about nothing else', () => {
  const grants = [
    allow('restarter'),
    { ...allow('restarter', { name: 'service:shop/web' }), effect: 'deny' as const },
  ]
  assert.equal(decide(grants, 'services:restart', web), false)
  assert.equal(decide(grants, 'services:restart', { ...web, path: ['shop', 'api'] }), true)
})
