import type {
  ApiToken,
  NewApiToken,
  Provider,
  ServiceAccount,
  SignInPolicy,
} from '@keelson/contract'
import { Refusal } from './refusal.ts'

/** Service accounts, their tokens and those of others, sign-in providers and the policy. */

const at = '2026-11-20T09:00:00.000Z'
const dayMs = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString()

const account = (name: string, more: Partial<ServiceAccount> = {}): ServiceAccount => ({
  ...{ id: `sa-${name}`, name, description: '', owner: { id: 'u-ana', name: 'ana' } },
  ...{ disabledAt: null, createdAt: at, lastSeenAt: null, roles: [], teams: [], tokens: 0 },
  ...more,
})

const someAccounts: ServiceAccount[] = [
  account('deploy-bot', {
    ...{ description: 'Applies the shop from the pipeline', lastSeenAt: at, tokens: 2 },
    ...{ roles: ['restarter'], teams: [{ id: 't-1', name: 'payments' }] },
  }),
  account('old-exporter', { disabledAt: at, owner: null }),
]

const deployBot = { id: 'sa-deploy-bot', name: 'deploy-bot', kind: 'service_account' }

const token = (id: string, name: string, more: Partial<ApiToken> = {}): ApiToken => ({
  ...{
    id,
    name,
    owner: deployBot,
    scopes: null,
    networks: [],
    createdBy: 'ana',
    boundedBy: [],
    createdAt: at,
  },
  ...{ expiresAt: null, lastUsedAt: null, lastUsedAddress: null, formerUntil: null },
  ...more,
})

const someTokens = (): ApiToken[] => [
  token('7Yq2Wm', 'pipeline', {
    ...{ scopes: ['services:read', 'services:restart', 'stacks:write'], expiresAt: inDays(41) },
    ...{ networks: ['10.0.0.0/8'], lastUsedAt: at, lastUsedAddress: '10.4.0.7' },
  }),
  token('Hk31fP', 'nightly report', { formerUntil: inDays(0.9) }),
  token('pL0x9c', 'laptop', {
    ...{ owner: { id: 'u-leo', name: 'leo', kind: 'user' }, scopes: ['logs:read'] },
    lastUsedAt: at,
  }),
]

const someProviders: Provider[] = [
  {
    ...{ id: 'corp', name: 'Example Corp', issuer: 'https://id.example.com/realms/corp' },
    ...{ clientId: 'keelson', scopes: ['openid', 'profile', 'email'], groupsClaim: 'groups' },
    roles: [{ group: 'platform-team', role: 'operator', on: { name: 'stack:shop' } }],
    ...{ createsUsers: true, trustsFactors: false, allowsInternal: false, disabled: false },
    redirectUri: 'https://keelson.example/sign-in/corp/callback',
    ...{ hasSecret: true, users: 3, createdAt: at },
  },
]

export const createPrograms = () => {
  let accounts = someAccounts
  let tokens = someTokens()
  let providers = someProviders
  let policy: SignInPolicy = { factorRoles: ['administrator'] }
  const asks: unknown[] = []
  const page = <T>(items: readonly T[]) => ({ items, nextCursor: null })

  const find = (name: string): ServiceAccount => {
    const found = accounts.find((one) => one.name === name || one.id === name)
    if (found === undefined) throw new Refusal(404, `There is no service account ${name}`)
    return found
  }

  const createAccount = (body: unknown): ServiceAccount => {
    const { role, owner, ...given } = body as { name: string; role?: string; owner?: string }
    const answers = owner ?? 'ana'
    const made = account(given.name, {
      ...given,
      roles: role === undefined ? [] : [role],
      owner: { id: `u-${answers}`, name: answers },
    })
    accounts = [...accounts, made]
    return made
  }

  const updateAccount = (name: string, body: unknown): ServiceAccount => {
    const { disabled, owner, ...given } = body as { disabled?: boolean; owner?: string }
    const before = find(name)
    const next = {
      ...{ ...before, ...given },
      ...(owner === undefined ? {} : { owner: { id: `u-${owner}`, name: owner } }),
      ...(disabled === undefined ? {} : { disabledAt: disabled ? at : null }),
    }
    accounts = accounts.map((one) => (one === before ? next : one))
    return next
  }

  const answerTokens = (method: string, name: string, id: string, body: unknown): unknown => {
    const owner = { id: find(name).id, name: find(name).name, kind: 'service_account' }
    if (method === 'GET') return page(tokens.filter((one) => one.owner.id === owner.id))
    if (id === '') {
      const made = token('n3wT0k', '', { ...(body as NewApiToken), owner })
      tokens = [...tokens, made]
      return { token: made, secret: 'kst_n3wT0k_one-secret-that-is-shown-once' }
    }
    tokens = tokens.map((one) => (one.id === id ? { ...one, formerUntil: inDays(1) } : one))
    const rotated = tokens.find((one) => one.id === id)
    return { token: rotated, secret: `kst_${id}_another-secret` }
  }

  const answerAccounts = (
    method: string,
    [name, part, id = '']: readonly string[],
    body: unknown,
  ): unknown => {
    if (part === 'tokens') return answerTokens(method, name ?? '', id, body)
    if (method === 'POST') return createAccount(body)
    if (method === 'PUT') return updateAccount(name ?? '', body)
    if (method === 'GET') return name === undefined ? page(accounts) : find(name)
    accounts = accounts.filter((one) => one !== find(name ?? ''))
    return undefined
  }

  const putProvider = (id: string, body: unknown): Provider => {
    const { clientSecret, ...given } = body as Provider & { clientSecret?: string | null }
    if (given.issuer.includes('broken')) {
      throw new Refusal(422, 'Its discovery document names another issuer', {
        ...{ code: 'provider_unusable', title: 'The sign-in provider cannot be used' },
      })
    }
    const before = providers.find((one) => one.id === id)
    const hasSecret =
      clientSecret === undefined ? before?.hasSecret === true : clientSecret !== null
    const redirectUri = `https://keelson.example/sign-in/${id}/callback`
    const next = { ...given, id, hasSecret, redirectUri, users: before?.users ?? 0, createdAt: at }
    providers = [...providers.filter((one) => one.id !== id), next]
    return next
  }

  const answerProviders = (method: string, id: string, body: unknown): unknown => {
    if (method === 'PUT') return putProvider(id, body)
    if (method === 'GET') return page(providers)
    providers = providers.filter((one) => one.id !== id)
    return undefined
  }

  const answerPolicy = (method: string, body: unknown): SignInPolicy => {
    if (method === 'PUT') policy = body as SignInPolicy
    return policy
  }

  return {
    /** Undefined: about none of them. */
    answer: (
      method: string,
      parts: readonly (string | undefined)[],
      { query, body }: { query: URLSearchParams; body: unknown },
    ): { told: unknown } | undefined => {
      const [resource, ...rest] = parts.filter((part) => part !== undefined)
      const [name = ''] = rest
      if (body !== undefined) asks.push(body)
      if (resource === 'service-accounts') return { told: answerAccounts(method, rest, body) }
      if (resource === 'providers') return { told: answerProviders(method, name, body) }
      if (resource === 'sign-in' && name === 'policy') return { told: answerPolicy(method, body) }
      if (resource === 'tokens' && method === 'DELETE') {
        tokens = tokens.filter((one) => one.id !== name)
        return { told: undefined }
      }
      if (resource === 'tokens') {
        const owner = query.get('owner')
        return { told: page(tokens.filter((one) => owner === null || one.owner.name === owner)) }
      }
      if (body !== undefined) asks.pop()
      return undefined
    },
    /** Bodies of what was asked, as they came. */
    asks,
    empty: () => {
      accounts = []
      tokens = []
      providers = []
    },
  }
}
