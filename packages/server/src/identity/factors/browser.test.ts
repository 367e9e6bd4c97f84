import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import type { PasskeyCeremony, Session } from '@keelson/contract'
import { openBrowser } from '../testing/browser.ts'
import { password } from '../testing/open-identity.ts'

/** Held against a real browser: what the virtual authenticator of the other tests does is not ours alone. */
const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser'].map((name) => join(folder, name)))
  .find((path) => existsSync(path))
const skip = chromiumPath === undefined ? 'there is no Chromium' : false

const open = async () => {
  const served = await openBrowser({ startsAt: new Date() })
  const { app } = served.http
  app.get('/', { config: { permission: 'public' } }, (_, reply) =>
    reply
      .header('content-security-policy', "default-src 'self'")
      .type('text/html')
      .send('<!doctype html><title>Keelson</title>'),
  )
  await served.http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const browser = await chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const page = await browser.newPage()
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
  await page.goto(`http://localhost:${port}/`)
  return {
    ...{ keelson: served.keelson, page },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await served[Symbol.asyncDispose]()
    },
  }
}

/** As the page calls the API; what is thrown is the status and the answer. */
const call = (page: Page, method: string, path: string, body: object | null = null) =>
  page.evaluate(
    async ([verb, to, given]) => {
      const answer = await fetch(`/api/v1/${to}`, {
        method: verb,
        ...(given === null
          ? {}
          : { body: JSON.stringify(given), headers: { 'content-type': 'application/json' } }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${answer.status} ${text}`)
      return text === '' ? null : (JSON.parse(text) as unknown)
    },
    [method, path, body] as const,
  )

/** A ceremony of Chromium's own, with what the platform asked for. */
const perform = (page: Page, kind: 'create' | 'get', begun: unknown) => {
  const { challenge, options } = begun as PasskeyCeremony
  return page.evaluate(
    async (given) => {
      const credential =
        given.kind === 'create'
          ? await navigator.credentials.create({
              publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given.options as never),
            })
          : await navigator.credentials.get({
              publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given.options as never),
            })
      const response = (credential as PublicKeyCredential).toJSON() as object
      return { challenge: given.challenge, response }
    },
    { kind, challenge, options },
  )
}

test('ASVS 6.3.3: a passkey made in a real browser signs in there', { skip }, async () => {
  await using world = await open()
  const { keelson, page } = world
  await keelson.addPerson('ana')
  await call(page, 'POST', 'session', { name: 'ana', password })
  const begun = await call(page, 'POST', 'account/passkeys/challenges')
  const made = await perform(page, 'create', begun)
  await call(page, 'POST', 'account/passkeys', { ...made, name: 'Laptop' })
  await call(page, 'DELETE', 'session')
  await page.context().clearCookies()
  for (let time = 0; time < 2; time += 1) {
    const asked = await call(page, 'POST', 'session/passkey-challenges')
    const answer = await perform(page, 'get', asked)
    const session = await call(page, 'POST', 'session/passkey', answer)
    assert.equal((session as Session).actor, 'ana')
  }
  const asked = await call(page, 'POST', 'session/passkey-challenges')
  await call(page, 'POST', 'session/confirmations', { passkey: await perform(page, 'get', asked) })
})
