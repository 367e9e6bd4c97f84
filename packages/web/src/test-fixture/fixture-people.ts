import type { LinkFacts, Preferences, Session, User, UserSession } from '@keelson/contract'
import { createCredentials } from './fixture-credentials.ts'
import { Refusal } from './refusal.ts'

/** Who may use the fixture: what the platform says of sign-in, links, users and one's own account. */

export const password = 'gravel lantern oboe'
export const linkTokens = { setup: 'token-setup', invitation: 'token-join', reset: 'token-reset' }

const at = '2026-11-20T09:00:00.000Z'
const later = '2026-11-28T09:00:00.000Z'

const userOf = (name: string, more: Partial<User> = {}): User => ({
  ...{ id: `u-${name}`, name, displayName: '', email: null, disabledAt: null, createdAt: at },
  ...{ lastSeenAt: at, teams: [], roles: ['viewer'], hasPassword: true, canSignIn: true },
  ...more,
})

const someUsers: User[] = [
  userOf('ana', { displayName: 'Ana Lindqvist', roles: ['administrator'] }),
  userOf('leo', { teams: [{ id: 't-1', name: 'payments' }], roles: ['operator'] }),
  userOf('mia', { hasPassword: false, canSignIn: false, lastSeenAt: null }),
  userOf('noa', { hasPassword: false }),
  userOf('old-admin', { disabledAt: at, roles: [] }),
]

const sessionRow = (id: string, more: Partial<UserSession> = {}): UserSession => ({
  ...{ id, current: false, createdAt: at, lastUsedAt: at, expiresAt: later },
  ...{ address: '192.0.2.7', device: 'Firefox on Linux' },
  ...more,
})

const someSessions = [
  sessionRow('s-1', { current: true, address: '127.0.0.1', device: 'Chrome on Linux' }),
  sessionRow('s-2'),
  sessionRow('s-3', { address: '2001:db8::7', device: 'Safari on iOS' }),
]

export const createPeople = () => {
  let isSetUp = true
  let users = someUsers
  let sessions = someSessions
  let theirSessions = someSessions.slice(1)
  let preferences: Preferences = {}
  let shownName = 'ana'
  let spent: string[] = []
  const asks: unknown[] = []
  const session = {
    ...{ actor: 'ana', kind: 'user', id: 'u-ana', expiresAt: null },
    permissions: [
      ...['services:read', 'services:restart', 'services:write'],
      ...['stacks:read', 'stacks:write', 'logs:read', 'system:read'],
      ...['gaps:read', 'gaps:write', 'gateway:read', 'gateway:write'],
      ...['users:read', 'users:write', 'access:write'],
      ...['public', 'account:own', 'status:read', 'audit:read'],
      ...['system:write', 'access:break-glass'],
    ],
  }
  const credentials = createCredentials(password)
  const told = () =>
    ({
      ...{ ...session, preferences, factorNeeded: credentials.factorNeeded() },
      displayName: shownName,
    }) as Session

  const signIn = (body: unknown) => {
    const given = body as { name: string; password: string }
    if (given.name === 'ana' && given.password === password) {
      return credentials.secondStep() ?? told()
    }
    throw new Refusal(401, 'The name or the password is wrong', {
      ...{ code: 'sign_in_refused', title: 'That did not prove who you are' },
    })
  }

  const factsOf = (body: unknown): LinkFacts => {
    const { token } = body as { token: string }
    const [purpose] = Object.entries(linkTokens).find(([, known]) => known === token) ?? []
    if (purpose === undefined || spent.includes(token)) {
      throw new Refusal(401, 'The link is used up, expired or wrong', { code: 'link_invalid' })
    }
    const name = purpose === 'setup' ? null : 'leo'
    return { purpose: purpose as LinkFacts['purpose'], name, expiresAt: later }
  }

  const takeLink = (body: unknown) => {
    factsOf(body)
    const given = body as { token: string; password: string }
    if (given.password === 'password') {
      throw new Refusal(422, 'This password is among those that are tried first', {
        ...{ code: 'password_refused', title: 'This password is too easy to guess' },
      })
    }
    spent = [...spent, given.token]
    return credentials.secondStep() ?? told()
  }

  const link = (page: string) => ({ url: `https://keelson.example/${page}#once`, expiresAt: later })

  const invite = (body: unknown) => {
    const { name, role, email } = body as { name: string; role?: string; email?: string }
    if (email?.includes('@') === false) {
      throw new Refusal(400, 'The request is malformed: /body/email must match format "email"', {
        ...{ code: 'bad_request', title: 'The request is malformed' },
        errors: [{ message: 'must match format "email"', pointer: '/body/email' }],
      })
    }
    const roles = role === undefined ? [] : [role]
    users = [
      ...users,
      userOf(name, { roles, hasPassword: false, canSignIn: false, lastSeenAt: null }),
    ]
    return link('join')
  }

  /** `noa` has a passkey and no password. */
  const forgetFactors = (id: string) => {
    const isLockedOut = id === 'u-noa'
    users = users.map((user) =>
      user.id === id && isLockedOut ? { ...user, canSignIn: false } : user,
    )
    return { found: true, link: isLockedOut ? link('join') : null }
  }

  const change = (id: string, body: unknown) => {
    const { disabled } = body as { disabled?: boolean }
    users = users.map((user) =>
      user.id === id ? { ...user, disabledAt: disabled === true ? at : null } : user,
    )
    return users.find((user) => user.id === id)
  }

  const account = () => ({ user: users[0], preferences })

  const updateAccount = (body: unknown) => {
    const given = body as { displayName?: string; preferences?: Preferences }
    const { displayName = '' } = given
    users = users.map((user, index) => (index === 0 ? { ...user, displayName } : user))
    shownName = displayName || 'ana'
    preferences = { ...preferences, ...given.preferences }
    return account()
  }

  const changePassword = (body: unknown) => {
    if ((body as { present: string }).present === password) return undefined
    throw new Refusal(401, 'The present password is another one', { code: 'sign_in_refused' })
  }

  const endSession = (id: string) => {
    sessions = sessions.filter((row) => row.current || (id !== 'others' && row.id !== id))
  }

  const answer = (
    method: string,
    [resource, name = '', part, more]: readonly (string | undefined)[],
    { query, body }: { query: URLSearchParams; body: unknown },
  ): unknown => {
    if (body !== undefined) asks.push(body)
    const parts = [resource, name, part, more].filter((one) => one !== undefined && one !== '')
    const answered = credentials.answer(method, { parts: parts.map(String), body })
    if (answered !== undefined) return answered.told
    const page = <T>(items: T[]) => ({ items, nextCursor: null })
    switch (`${method} ${resource} ${name === '' ? '' : (part ?? name)}`.trim()) {
      case 'GET sign-in':
        return { setUp: isSetUp, providers: credentials.providers() }
      case 'POST session':
        return signIn(body)
      case 'POST session second-factor':
        credentials.proveCode(body)
        return told()
      case 'POST session passkey':
        credentials.provePasskey(body)
        return told()
      case 'GET session':
        return told()
      case 'POST links read':
        return factsOf(body)
      case 'POST links use':
        return takeLink(body)
      case 'GET users':
        return page(users.filter((user) => user.name.includes(query.get('contains') ?? '')))
      case 'POST users invitations':
        return invite(body)
      case 'POST users reset-links':
        return link('reset')
      case 'GET users sessions':
        return page(theirSessions)
      case 'DELETE users factors':
        return forgetFactors(name)
      case 'DELETE users sessions':
        theirSessions = theirSessions.filter(({ id }) => more !== undefined && id !== more)
        return undefined
      case 'GET account':
        return account()
      case 'PUT account':
        return updateAccount(body)
      case 'PUT account password':
        return changePassword(body)
      case 'GET account sessions':
        return page(sessions)
      default:
        if (resource === 'users' && method === 'PUT') return change(name, body)
        if (resource === 'account' && method === 'DELETE') return endSession(part ?? '')
        if (resource === 'users' && method === 'DELETE') {
          users = users.filter((user) => user.id !== name)
          return undefined
        }
        throw new Refusal(404, `Nothing at ${resource ?? ''}`)
    }
  }

  return {
    answer,
    /** What ana has chosen. */
    prefer: (next: Preferences) => {
      preferences = next
    },
    /** Bodies of what was asked, as they came. */
    asks,
    /** How they prove who they are. */
    credentials,
    /** What the person who is signed in may do from now on. */
    permit: (permissions: string[]) => {
      session.permissions = permissions
    },
    forgetSetUp: () => {
      isSetUp = false
    },
  }
}
