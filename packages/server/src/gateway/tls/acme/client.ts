import { createHash, generateKeyPair, X509Certificate, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Static, TSchema } from 'typebox'
import { calculateJwkThumbprint, exportJWK, FlattenedSign, type JWK } from 'jose'
import type { Clock } from '../../../kernel/clock.ts'
import { createRequest } from '../x509/certificate.ts'
import type { KeyAndCertificate } from '../local-authority.ts'
import {
  anyDocument,
  authorizationDocument,
  detailOf,
  directoryDocument,
  orderDocument,
  type Directory,
} from './documents.ts'
import { AcmeError, readAnswer, type AcmeAnswer, type Send } from './transport.ts'

/** What has to be shown at the name, until `withdraw`. */
export type Challenge = {
  type: 'http-01' | 'tls-alpn-01'
  name: string
  token: string
  /** Body at `/.well-known/acme-challenge/<token>`. */
  keyAuthorization: string
  /** What a certificate for `acme-tls/1` carries. */
  digest: Buffer
}

/** Shows the answer to a challenge; resolves once it can be seen, with the way to take it back. */
export type Present = (challenge: Challenge) => Promise<{ withdraw(): Promise<void> }>

type AcmeDeps = {
  directoryUrl: string
  accountKey: KeyObject
  email: string | null
  /** Whether whoever configured this agrees to the terms of the server. */
  termsAgreed: boolean
  send: Send
  clock: Clock
  /** In this order, what can be shown here; what has failed for a name comes last the next time. */
  challenges: readonly Challenge['type'][]
  present: Present
  /** Orders under way fail at once when it comes. */
  signal?: AbortSignal
}

const pollFirstMs = 500
const pollMostMs = 5_000
/** An order that is not decided by then has failed (RFC 8555 7.1.6 gives no limit). */
const decisionMs = 120_000
const badNonceTries = 3
/** Base64url (RFC 8555 8.3): it becomes part of an address. */
const tokenPattern = /^[A-Za-z0-9_-]{1,1000}$/
const newKey = promisify(generateKeyPair)

/** A client of one account at one ACME server (RFC 8555). */
export const createAcmeClient = (deps: AcmeDeps) => {
  const { directoryUrl, accountKey, email, termsAgreed, clock, challenges, present } = deps
  const stopped = stoppedBy(deps.signal)
  const send: Send = (url, request) => Promise.race([stopped, deps.send(url, request)])
  let directory: Promise<Directory> | undefined
  let account: Promise<string> | undefined
  let jwk: Promise<{ jwk: JWK; thumbprint: string }> | undefined
  const nonces: string[] = []
  /** By name: a port that leads elsewhere does so the next time as well. */
  const failed = new Map<string, Challenge['type']>()

  const readDirectory = (): Promise<Directory> => {
    directory ??= send(directoryUrl, { method: 'GET' }).then((answer) =>
      readAnswer(answer, directoryDocument),
    )
    directory.catch(() => {
      directory = undefined
    })
    return directory
  }

  const ownJwk = () => {
    jwk ??= exportJWK(accountKey).then(async ({ kty, crv, x, y }) => {
      const own = { kty, crv, x, y } as JWK
      return { jwk: own, thumbprint: await calculateJwkThumbprint(own) }
    })
    return jwk
  }

  const takeNonce = async (): Promise<string> => {
    const kept = nonces.pop()
    if (kept !== undefined) return kept
    const { newNonce } = await readDirectory()
    const { headers } = await send(newNonce, { method: 'HEAD' })
    const nonce = headers['replay-nonce']
    if (nonce === undefined) throw new AcmeError('The ACME server gives no nonce', null)
    return nonce
  }

  /** A signed request; `payload` null is POST-as-GET (6.3). A nonce that was too old is renewed (6.5). */
  const post = async (
    url: string,
    payload: object | null,
    who: 'jwk' | 'kid',
  ): Promise<AcmeAnswer> => {
    const identity = who === 'kid' ? { kid: await ownAccount() } : { jwk: (await ownJwk()).jwk }
    for (let attempt = 1; ; attempt += 1) {
      const body = payload === null ? '' : JSON.stringify(payload)
      const signed = await new FlattenedSign(new TextEncoder().encode(body))
        .setProtectedHeader({ alg: 'ES256', nonce: await takeNonce(), url, ...identity })
        .sign(accountKey)
      const answer = await send(url, { method: 'POST', body: JSON.stringify(signed) })
      const nonce = answer.headers['replay-nonce']
      if (nonce !== undefined) nonces.push(nonce)
      const isBadNonce = answer.status === 400 && answer.text.includes(':badNonce')
      if (!isBadNonce || attempt === badNonceTries) return answer
    }
  }
  const ask = async <T extends TSchema>(
    url: string,
    payload: object | null,
    form: T,
  ): Promise<Static<T>> => readAnswer(await post(url, payload, 'kid'), form)

  const ownAccount = (): Promise<string> => {
    account ??= register()
    account.catch(() => {
      account = undefined
    })
    return account
  }

  const register = async (): Promise<string> => {
    const { newAccount } = await readDirectory()
    const contact = email === null ? {} : { contact: [`mailto:${email}`] }
    const answer = await post(newAccount, { termsOfServiceAgreed: termsAgreed, ...contact }, 'jwk')
    readAnswer(answer, anyDocument)
    const { location } = answer.headers
    if (location === undefined) throw new AcmeError('The ACME server names no account', null)
    return location
  }

  const pause = async (delayMs: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = clock.setTimer(resolve, delayMs)
    await Promise.race([stopped, promise]).finally(() => timer.cancel())
  }

  /** Asks again and again until `isOver`; throws when that takes too long. */
  const follow = async <T extends TSchema>(
    url: string,
    form: T,
    isOver: (state: Static<T>) => boolean,
  ): Promise<Static<T>> => {
    const untilMs = clock.monotonicMs() + decisionMs
    for (let delayMs = pollFirstMs; ; delayMs = Math.min(delayMs * 1.5, pollMostMs)) {
      const state = await ask(url, null, form)
      if (isOver(state)) return state
      if (clock.monotonicMs() > untilMs) {
        throw new AcmeError(`No decision within ${decisionMs / 1000} s`, null)
      }
      await pause(delayMs)
    }
  }

  const authorize = async (url: string): Promise<void> => {
    const asked = await ask(url, null, authorizationDocument)
    if (asked.status === 'valid') return
    const name = asked.identifier.value
    const last = failed.get(name)
    const inOrder = challenges.toSorted((a, b) => Number(a === last) - Number(b === last))
    const [offered] = inOrder.flatMap((type) => {
      const found = asked.challenges.find((one) => one.type === type)
      const { url: answerUrl, token } = found ?? {}
      const isWhole = answerUrl !== undefined && token !== undefined && tokenPattern.test(token)
      return isWhole ? [{ type, token, answerUrl }] : []
    })
    if (offered === undefined) {
      const types = asked.challenges.map(({ type }) => type).join(', ')
      throw new AcmeError(`${name} can be proved by ${types} only`, null)
    }
    const keyAuthorization = `${offered.token}.${(await ownJwk()).thumbprint}`
    const digest = createHash('sha256').update(keyAuthorization).digest()
    const { type, token } = offered
    const shown = await present({ type, name, token, keyAuthorization, digest })
    try {
      await ask(offered.answerUrl, {}, anyDocument)
      const decided = await follow(url, authorizationDocument, ({ status }) => status !== 'pending')
      if (decided.status === 'valid') return
      failed.set(name, type)
      const [fault = decided.status] = decided.challenges.flatMap(
        ({ error }) => detailOf(error) ?? [],
      )
      throw new AcmeError(`${name} was not proved: ${fault}`, null)
    } finally {
      await shown.withdraw()
    }
  }

  return {
    /** Orders, proves and fetches a certificate for these names, the first of them its subject. */
    async obtain(names: readonly string[], kind: KeyKind = 'ec'): Promise<KeyAndCertificate> {
      const { newOrder } = await readDirectory()
      const identifiers = names.map((value) => ({ type: 'dns', value }))
      const made = await post(newOrder, { identifiers }, 'kid')
      const order = readAnswer(made, orderDocument)
      const orderUrl = made.headers.location
      if (orderUrl === undefined) throw new AcmeError('The ACME server names no order', null)
      // One after the other: a CA that looks at them at once has nothing to be faster by.
      for (const url of order.authorizations) await authorize(url)
      await follow(orderUrl, orderDocument, ({ status }) => status !== 'pending')
      const { privateKey } =
        kind === 'ec'
          ? await newKey('ec', { namedCurve: 'P-256' })
          : await newKey('rsa', { modulusLength: kind.rsaBits })
      const csr = createRequest(privateKey, names).toString('base64url')
      await ask(order.finalize, { csr }, anyDocument)
      const done = await follow(
        orderUrl,
        orderDocument,
        ({ status }) => status === 'valid' || status === 'invalid',
      )
      if (done.certificate === undefined) {
        throw new AcmeError(`The order failed: ${detailOf(done.error) ?? done.status}`, null)
      }
      const answer = await post(done.certificate, null, 'kid')
      if (answer.status !== 200) readAnswer(answer, anyDocument)
      requireOrdered(answer.text, names, privateKey)
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      return { key, cert: answer.text }
    },
  }
}

/** What is shown in place of a good certificate has to be one. */
const requireOrdered = (cert: string, names: readonly string[], key: KeyObject): void => {
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(cert)
  } catch {
    throw new AcmeError('The ACME server gives something that is no certificate', null)
  }
  const isOrdered = names.every((name) => leaf.checkHost(name) !== undefined)
  if (isOrdered && leaf.checkPrivateKey(key)) return
  throw new AcmeError('The ACME server gives a certificate that nobody has ordered', null)
}

const stoppedBy = (signal: AbortSignal | undefined): Promise<never> => {
  const stopped = new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new AcmeError('The gateway stops', null)))
  })
  // Nobody may be waiting.
  stopped.catch(() => {})
  return stopped
}

/** Of the certificate's key. */
export type KeyKind = 'ec' | { rsaBits: number }

export type AcmeClient = ReturnType<typeof createAcmeClient>
