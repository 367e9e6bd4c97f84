import type { AccessExplanation, Grant, Role, Team } from '@keelson/contract'
import { builtInRoles, type Permission } from '@keelson/contract/permissions'
import { Refusal } from './refusal.ts'

/** Who may do what in the fixture: roles, teams, grants and why. */

const at = '2026-11-20T09:00:00.000Z'
const minuteMs = 60_000
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * minuteMs).toISOString()

const ownRole: Role = {
  ...{ name: 'restarter', description: 'Restarts what is stuck', builtIn: false, grants: 1 },
  permissions: ['services:read', 'services:restart'],
}
const unusedRole: Role = {
  ...{ name: 'on-call', description: '', builtIn: false, grants: 0 },
  permissions: ['services:read', 'logs:read', 'access:break-glass'],
}

const someRoles = (): Role[] => [
  ...Object.entries(builtInRoles).map(([name, { description, permissions }]) => ({
    ...{ name, description, permissions: [...permissions] },
    ...{ builtIn: true, grants: name === 'administrator' ? 1 : 2 },
  })),
  ...[ownRole, unusedRole],
]

/** As long as a name may be, and in one piece. */
const longName = 'keeper'.padEnd(64, '0123456789')

const someTeams: Team[] = [
  {
    ...{ id: 't-1', name: 'payments', description: 'Everything that moves money' },
    members: [
      { id: 'u-leo', name: 'leo', kind: 'user' },
      { id: 'sa-deploy', name: 'deploy-bot', kind: 'service_account' },
    ],
    roles: ['operator', longName],
  },
  { id: 't-2', name: 'guests', description: '', members: [], roles: [] },
]

const grant = (id: string, more: Partial<Grant>): Grant => ({
  ...{ id, holder: { kind: 'user', id: 'u-ana', name: 'ana' }, role: 'viewer', effect: 'allow' },
  ...{ on: {}, expiresAt: null, reason: null, createdBy: 'ana', createdAt: at },
  ...more,
})

const leo: Grant['holder'] = { kind: 'user', id: 'u-leo', name: 'leo' }
const payments: Grant['holder'] = { kind: 'team', id: 't-1', name: 'payments' }
const deploy: Grant['holder'] = { kind: 'service_account', id: 'sa-deploy', name: 'deploy-bot' }

const someGrants = (): Grant[] => [
  grant('g-1', { role: 'administrator', createdBy: 'setup' }),
  grant('g-2', { holder: leo, role: 'operator', on: { name: 'stack:shop' } }),
  grant('g-3', {
    ...{ holder: payments, role: 'operator', on: { labels: { tier: 'front' }, owner: 'payments' } },
  }),
  grant('g-4', { holder: deploy, role: 'restarter', on: { name: 'service:shop/*' } }),
  grant('g-5', {
    ...{ holder: leo, role: 'editor', expiresAt: inMinutes(95), createdBy: 'local' },
    reason: 'Moves the shop to the new gateway',
  }),
  grant('g-6', {
    ...{ holder: leo, role: 'operator', effect: 'deny', on: { name: 'service:shop/payments' } },
    reason: 'Payments are frozen until Monday',
  }),
]

const explain = (grants: readonly Grant[], query: URLSearchParams): AccessExplanation => {
  const [who, permission, object] = [
    query.get('who') ?? '',
    query.get('permission') as Permission,
    query.get('object') ?? 'platform',
  ]
  if (who !== 'leo') throw new Refusal(404, `There is no user and no role ${who}`)
  const asked = { who: { kind: 'user', id: 'u-leo', name: 'leo' } as const, permission }
  const denied = object === 'service:shop/payments'
  const why = (id: string, why: AccessExplanation['considered'][number]['why']) =>
    grants.filter((one) => one.id === id).map((one) => ({ grant: one, why }))
  return {
    ...asked,
    object: { name: object, labels: denied ? { tier: 'front' } : {}, owner: null, isThere: true },
    allowed: !denied,
    reason: denied ? 'denied' : 'allowed',
    sentence: denied
      ? `leo may not ${permission} on ${object}: the role operator is denied`
      : `leo may ${permission} on ${object}: holds the role operator`,
    considered: denied
      ? [...why('g-6', 'decides'), ...why('g-2', 'overruled'), ...why('g-3', 'other_object')]
      : [...why('g-2', 'decides'), ...why('g-6', 'other_object')],
  }
}

export const createAccess = () => {
  let roles = someRoles()
  let teams = someTeams
  let grants = someGrants()
  let made = 0
  const asks: unknown[] = []

  const putRole = (name: string, body: unknown): Role => {
    const given = body as { description?: string; permissions: Permission[] }
    const before = roles.find((role) => role.name === name)
    const description = given.description ?? before?.description ?? ''
    const known = { name, builtIn: false, grants: before?.grants ?? 0 }
    const role = { ...known, description, permissions: given.permissions }
    roles =
      before === undefined ? [...roles, role] : roles.map((one) => (one === before ? role : one))
    return role
  }

  const deleteRole = (name: string) => {
    if (grants.some(({ role }) => role === name)) {
      throw new Refusal(409, `Grants are about ${name}`, { code: 'role_in_use' })
    }
    roles = roles.filter((role) => role.name !== name)
  }

  const changeTeam = (id: string, change: (team: Team) => Team): Team | undefined => {
    teams = teams.map((team) => (team.id === id ? change(team) : team))
    return teams.find((team) => team.id === id)
  }

  const createTeam = (body: unknown): Team => {
    made += 1
    const given = body as { name: string; description?: string }
    const team = { id: `t-new-${made}`, description: '', members: [], roles: [], ...given }
    teams = [...teams, team]
    return team
  }

  const addMember = (id: string, name: string) => {
    if (!['ana', 'leo', 'mia', 'deploy-bot'].includes(name)) {
      throw new Refusal(404, `There is no user ${name}`)
    }
    const kind = name === 'deploy-bot' ? 'service_account' : 'user'
    const member = { id: kind === 'user' ? `u-${name}` : `sa-${name}`, name, kind }
    return changeTeam(id, (team) => ({ ...team, members: [...team.members, member] }))
  }

  const createGrant = (body: unknown): Grant => {
    made += 1
    const given = body as Partial<Grant> & { user?: string; team?: string }
    const { user, team, ...more } = given
    const holder: Grant['holder'] =
      team === undefined
        ? { kind: 'user', id: `u-${user}`, name: user ?? '' }
        : { kind: 'team', id: `t-${team}`, name: team }
    const next = grant(`g-new-${made}`, { ...more, holder })
    grants = [...grants, next]
    return next
  }

  const listGrants = (query: URLSearchParams) => {
    const [user, team, role] = ['user', 'team', 'role'].map((name) => query.get(name))
    if (user === 'nobody') throw new Refusal(404, 'There is no user nobody')
    const items = grants.filter(
      ({ holder, role: held }) =>
        (user === null || (holder.kind !== 'team' && holder.name === user)) &&
        (team === null || (holder.kind === 'team' && holder.name === team)) &&
        (role === null || held === role),
    )
    return { items, nextCursor: null }
  }

  const breakGlass = (body: unknown): Grant => {
    const { role, minutes, reason } = body as { role: string; minutes: number; reason: string }
    return grant('g-glass', { role, reason, expiresAt: inMinutes(minutes) })
  }

  const answerTeams = (method: string, id: string, member: string, body: unknown): unknown => {
    if (method === 'POST') return createTeam(body)
    if (member !== '') {
      if (method === 'PUT') return addMember(id, member)
      return changeTeam(id, (team) => ({
        ...team,
        members: team.members.filter((one) => one.id !== member),
      }))
    }
    if (method === 'PUT') return changeTeam(id, (team) => ({ ...team, ...(body as object) }))
    if (method === 'GET') return { items: teams }
    teams = teams.filter((team) => team.id !== id)
    return undefined
  }

  const answerRoles = (method: string, name: string, body: unknown): unknown => {
    if (method === 'PUT') return putRole(name, body)
    return method === 'GET' ? { items: roles } : deleteRole(name)
  }

  const answerGrants = (
    method: string,
    id: string,
    { query, body }: { query: URLSearchParams; body: unknown },
  ): unknown => {
    if (method === 'POST') return createGrant(body)
    if (method === 'GET') return listGrants(query)
    grants = grants.filter((one) => one.id !== id)
    return undefined
  }

  return {
    /** Undefined: not about access. */
    answer: (
      method: string,
      [resource, name = '', , member = '']: readonly (string | undefined)[],
      given: { query: URLSearchParams; body: unknown },
    ): { told: unknown } | undefined => {
      const isAsked = given.body !== undefined
      if (isAsked) asks.push(given.body)
      if (resource === 'roles') return { told: answerRoles(method, name, given.body) }
      if (resource === 'teams') return { told: answerTeams(method, name, member, given.body) }
      if (resource === 'grants') return { told: answerGrants(method, name, given) }
      if (resource === 'access') return { told: explain(grants, given.query) }
      if (name === 'break-glass') return { told: breakGlass(given.body) }
      if (isAsked) asks.pop()
      return undefined
    },
    /** Bodies of what was asked, as they came. */
    asks,
    /** As a platform that was set up this minute. */
    empty: () => {
      teams = []
      grants = grants.slice(0, 1)
      roles = roles.filter(({ builtIn }) => builtIn)
    },
  }
}
