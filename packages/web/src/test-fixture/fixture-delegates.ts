import type { ApiToken, ClientSession, DeviceRequest, NewApiToken } from '@keelson/contract'
import { Refusal } from './refusal.ts'

/** What acts as the person of the fixture: their API tokens, and programs they signed in. */

export const deviceCode = 'BCDF-GHJK'

const at = '2026-11-20T09:00:00.000Z'
const later = '2026-11-28T09:00:00.000Z'

const token = (id: string, more: Partial<ApiToken> = {}): ApiToken => ({
  ...{ id, name: id, owner: { id: 'u-ana', name: 'ana', kind: 'user' }, scopes: null },
  ...{ networks: [], createdBy: 'ana', createdAt: at, expiresAt: later },
  ...{ lastUsedAt: at, boundedBy: [] },
  ...{ lastUsedAddress: '192.0.2.7', formerUntil: null },
  ...more,
})

export const someTokens: ApiToken[] = [
  token('backup', { scopes: ['services:read', 'stacks:read'], networks: ['10.0.0.0/8'] }),
  token('laptop', { expiresAt: null, lastUsedAt: null, lastUsedAddress: null }),
]

export const someClients: ClientSession[] = [
  {
    ...{ id: 'c-1', current: false, client: 'keelson', scopes: null, createdAt: at },
    ...{ lastUsedAt: at, expiresAt: later, address: '192.0.2.7', device: 'keelson on Linux' },
  },
  {
    ...{ id: 'c-2', current: false, client: 'deploy-bot', scopes: ['stacks:read'], createdAt: at },
    ...{ lastUsedAt: at, expiresAt: later, address: null, device: 'unknown' },
  },
]

const deviceRequest: DeviceRequest = {
  ...{ client: 'keelson', scopes: ['services:read', 'services:restart'], address: '192.0.2.7' },
  ...{ device: 'keelson on Linux', createdAt: at, expiresAt: later },
}

type Given = { parts: readonly string[]; body: unknown }

export const createDelegates = () => {
  let tokens: ApiToken[] = []
  let clients: ClientSession[] = []
  const page = <T>(items: T[]) => ({ items, nextCursor: null })

  const addToken = (body: unknown) => {
    const { name, scopes = null, networks = [], expiresAt = null } = body as NewApiToken
    const made = token(name, { scopes, networks, expiresAt, lastUsedAt: null })
    tokens = [made, ...tokens]
    return { token: made, secret: `kst_${name}_0123456789` }
  }

  const rotate = (id: string) => {
    tokens = tokens.map((one) => (one.id === id ? { ...one, formerUntil: later } : one))
    return { token: tokens.find((one) => one.id === id), secret: `kst_${id}_9876543210` }
  }

  const readDevice = (body: unknown): DeviceRequest => {
    if ((body as { userCode: string }).userCode === deviceCode) return deviceRequest
    throw new Refusal(404, 'There is nothing at this address', { code: 'not_found' })
  }

  const removed = (id: string) => {
    tokens = tokens.filter((one) => one.id !== id)
    clients = clients.filter((one) => one.id !== id)
  }

  /** Undefined: nothing of this is answered here. */
  const answer = (method: string, { parts, body }: Given): { told: unknown } | undefined => {
    const [resource = '', kind = '', id] = parts
    if (resource === 'account' && id !== undefined && ['tokens', 'clients'].includes(kind)) {
      return { told: method === 'DELETE' ? removed(id) : rotate(id) }
    }
    switch (`${method} ${resource} ${kind}`) {
      case 'GET account tokens':
        return { told: page(tokens) }
      case 'POST account tokens':
        return { told: addToken(body) }
      case 'GET account clients':
        return { told: page(clients) }
      case 'POST device-requests read':
        return { told: readDevice(body) }
      case 'POST device-requests decisions':
        readDevice(body)
        return { told: undefined }
      default:
        return undefined
    }
  }

  return {
    answer,
    hold: (held: { tokens?: ApiToken[]; clients?: ClientSession[] }) => {
      tokens = held.tokens ?? []
      clients = held.clients ?? []
    },
  }
}
