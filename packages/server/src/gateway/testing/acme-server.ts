import { execFileSync } from 'node:child_process'
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { text } from 'node:stream/consumers'
import { calculateJwkThumbprint, flattenedVerify, importJWK, type JWK } from 'jose'
import { createCertificate } from '../tls/x509/certificate.ts'

type Options = {
  /** Where names lead to: challenges are looked for there, for every name. */
  httpPort?: number
  tlsPort?: number
  /** Answers the first so many POSTs with badNonce. */
  badNonces?: number
  lifeMs?: number
}

type Account = { jwk: JWK; thumbprint: string }
type Authorization = {
  id: string
  name: string
  token: string
  status: 'pending' | 'valid' | 'invalid'
  error?: { type: string; detail: string }
}
type Order = {
  id: string
  names: string[]
  authorizations: Authorization[]
  certificate?: string
}
type Header = { nonce: string; url: string; kid?: string; jwk?: JWK }
type Problem = { status: number; type: string; detail: string }

/**
 * An ACME server (RFC 8555) for tests: checks signatures, nonces and challenges for real, and issues
 * with an authority of its own.
 */
export const openAcmeServer = async ({
  httpPort,
  tlsPort,
  badNonces = 0,
  lifeMs = 90 * 86_400_000,
}: Options = {}) => {
  const authorityKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const issuer = { commonName: 'Test ACME CA', key: authorityKey }
  const authority = createCertificate({
    ...{ ...issuer, names: [], isAuthority: true },
    ...{
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 10 * lifeMs),
    },
  })
  const nonces = new Set<string>()
  const accounts = new Map<string, Account>()
  const orders = new Map<string, Order>()
  const challenges: string[] = []
  let refusals = badNonces
  let noOrders: string | null = null
  let url = ''

  const newNonce = (): string => {
    const nonce = randomBytes(12).toString('base64url')
    nonces.add(nonce)
    return nonce
  }
  const findAuthorization = (id: string): Authorization | undefined =>
    [...orders.values()]
      .flatMap(({ authorizations }) => authorizations)
      .find((one) => one.id === id)

  const validate = async (authorization: Authorization, type: string, account: Account) => {
    const expected = `${authorization.token}.${account.thumbprint}`
    challenges.push(`${type} ${authorization.name}`)
    try {
      const seen =
        type === 'http-01'
          ? await fetchChallenge(httpPort ?? 80, authorization)
          : await readChallengeCertificate(tlsPort ?? 443, authorization)
      const wanted =
        type === 'http-01' ? expected : createHash('sha256').update(expected).digest('hex')
      if (seen !== wanted) throw new Error(`found ${seen.slice(0, 100)}`)
      authorization.status = 'valid'
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      authorization.status = 'invalid'
      authorization.error = { type: 'urn:ietf:params:acme:error:unauthorized', detail }
    }
  }

  const shownOrder = (order: Order) => {
    const states = order.authorizations.map(({ status }) => status)
    const status = states.includes('invalid')
      ? 'invalid'
      : states.includes('pending')
        ? 'pending'
        : order.certificate === undefined
          ? 'ready'
          : 'valid'
    return {
      status,
      identifiers: order.names.map((value) => ({ type: 'dns', value })),
      authorizations: order.authorizations.map(({ id }) => `${url}/authz/${id}`),
      finalize: `${url}/finalize/${order.id}`,
      ...(order.certificate === undefined ? {} : { certificate: `${url}/cert/${order.id}` }),
    }
  }
  const shownAuthorization = ({ id, name, token, status, error }: Authorization) => ({
    ...{ status, identifier: { type: 'dns', value: name } },
    challenges: ['http-01', 'tls-alpn-01'].map((type) => ({
      ...{ type, token, status, url: `${url}/challenge/${type}/${id}` },
      ...(error === undefined ? {} : { error }),
    })),
  })

  const newOrder = (payload: { identifiers: { value: string }[] }): Order => {
    const names = payload.identifiers.map(({ value }) => value)
    const order: Order = {
      ...{ id: randomBytes(6).toString('hex'), names },
      authorizations: names.map((name) => ({
        ...{ id: randomBytes(6).toString('hex'), name, status: 'pending' as const },
        token: randomBytes(16).toString('base64url'),
      })),
    }
    orders.set(order.id, order)
    return order
  }

  const issue = (order: Order, csr: string): void => {
    const options = ['req', '-inform', 'der', '-verify', '-pubkey', '-noout']
    const input = Buffer.from(csr, 'base64url')
    const key = createPublicKey(execFileSync('openssl', options, { input, stdio: 'pipe' }))
    const leaf = createCertificate({
      ...{ commonName: order.names[0] ?? '', names: order.names, key, issuer, isAuthority: false },
      ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + lifeMs) },
    })
    order.certificate = leaf + authority
  }

  type Signed = { account: Account | undefined; jwk: JWK | undefined; payload: unknown }
  const readSigned = async (path: string, body: string): Promise<Signed> => {
    const jws = JSON.parse(body) as { protected: string; payload: string; signature: string }
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as Header
    if (refusals > 0 || !nonces.delete(header.nonce)) {
      refusals -= 1
      throw problem(400, 'badNonce', 'this nonce is not known')
    }
    if (header.url !== url + path) throw problem(401, 'unauthorized', 'the URL is another one')
    const account = header.kid === undefined ? undefined : accounts.get(header.kid)
    const jwk = account?.jwk ?? header.jwk
    if (jwk === undefined) throw problem(400, 'accountDoesNotExist', 'there is no such account')
    const { payload } = await flattenedVerify(jws, await importJWK(jwk, 'ES256'))
    const said = Buffer.from(payload).toString()
    return { account, jwk, payload: said === '' ? null : JSON.parse(said) }
  }

  const handle = async (path: string, body: string, response: ServerResponse): Promise<void> => {
    if (path === '/directory') {
      const names = ['newNonce', 'newAccount', 'newOrder']
      return send(response, 200, Object.fromEntries(names.map((name) => [name, `${url}/${name}`])))
    }
    if (path === '/newNonce') return void response.writeHead(200).end()
    const { account, jwk, payload } = await readSigned(path, body)
    if (path === '/newAccount' && jwk !== undefined) {
      const thumbprint = await calculateJwkThumbprint(jwk)
      accounts.set(`${url}/account/${thumbprint}`, { jwk, thumbprint })
      response.setHeader('location', `${url}/account/${thumbprint}`)
      return send(response, 201, { status: 'valid' })
    }
    if (account === undefined) throw problem(400, 'accountDoesNotExist', 'there is no such account')
    if (path === '/newOrder') {
      if (noOrders !== null) throw problem(429, 'rateLimited', noOrders)
      const order = newOrder(payload as { identifiers: { value: string }[] })
      response.setHeader('location', `${url}/order/${order.id}`)
      return send(response, 201, shownOrder(order))
    }
    const [, what = '', one = '', two = ''] = path.split('/')
    const authorization = findAuthorization(what === 'challenge' ? two : one)
    const order = orders.get(one)
    if (what === 'authz' && authorization !== undefined) {
      return send(response, 200, shownAuthorization(authorization))
    }
    if (what === 'challenge' && authorization !== undefined) {
      await validate(authorization, one, account)
      return send(response, 200, { status: authorization.status })
    }
    if (order === undefined) throw problem(404, 'malformed', `there is no ${path}`)
    if (what === 'order') return send(response, 200, shownOrder(order))
    if (what === 'finalize') {
      issue(order, (payload as { csr: string }).csr)
      return send(response, 200, shownOrder(order))
    }
    response.writeHead(200, { 'content-type': 'application/pem-certificate-chain' })
    response.end(order.certificate)
  }

  const server = createServer((request, response) => {
    response.setHeader('replay-nonce', newNonce())
    void text(request)
      .then((body) => handle(request.url ?? '', body, response))
      .catch((error: unknown) => {
        const { status, type, detail } = isProblem(error)
          ? error
          : { status: 500, type: 'serverInternal', detail: String(error) }
        send(response, status, { type: `urn:ietf:params:acme:error:${type}`, detail })
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    directoryUrl: `${url}/directory`,
    /** PEM of who signs. */
    authority,
    /** `http-01 a.test`, in the order they were looked at. */
    challenges,
    accounts: () => accounts.size,
    orders: () => orders.size,
    /** Takes no orders from now on, for this reason; null: takes them again. */
    refuseOrders(reason: string | null): void {
      noOrders = reason
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const problem = (status: number, type: string, detail: string): Problem => ({
  status,
  type,
  detail,
})

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'detail' in error && 'type' in error

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const fetchChallenge = async (port: number, { name, token }: Authorization): Promise<string> => {
  const path = `/.well-known/acme-challenge/${token}`
  const asked = httpRequest({ host: '127.0.0.1', port, path, headers: { host: name } })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const body = await text(response)
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode ?? 0}`)
  return body.trim()
}

/** The digest in the certificate that is shown for `acme-tls/1` (RFC 8737 3), as hex. */
const readChallengeCertificate = async (port: number, { name }: Authorization): Promise<string> => {
  const socket = connect({
    ...{ host: '127.0.0.1', port, servername: name, rejectUnauthorized: false },
    ALPNProtocols: ['acme-tls/1'],
  })
  try {
    await once(socket, 'secureConnect')
    if (socket.alpnProtocol !== 'acme-tls/1') throw new Error('no acme-tls/1')
    const raw = socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0)
    if (new X509Certificate(raw).checkHost(name) === undefined) throw new Error('another name')
    const oid = Buffer.from('06082b0601050507011f0101ff04220420', 'hex')
    const at = raw.indexOf(oid)
    if (at === -1) throw new Error('no acmeIdentifier')
    return raw.subarray(at + oid.length, at + oid.length + 32).toString('hex')
  } finally {
    socket.destroy()
  }
}
