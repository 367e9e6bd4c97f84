import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { sessionCookie, type Fixture } from './fixture-server.ts'

/** The same page under the name that passkeys know: they do not work at an IP address. */
export const openAtLocalhost = async (
  { fixture, page }: { fixture: Fixture; page: Page },
  path: string,
): Promise<string> => {
  const url = fixture.url.replace('127.0.0.1', 'localhost')
  const [name = '', value = ''] = sessionCookie.split('=')
  await page.context().addCookies([{ name, value, url }])
  await page.goto(url + path)
  return url
}

/**
 * Chromium's own authenticator, whose user is always right, and there unless told otherwise. To who is there
 * it gives whatever is asked for, also what a page offers in a field; what was asked before waits for ever.
 */
export const withAuthenticator = async (page: Page, { isThere = true } = {}) => {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: isThere },
    },
  })
  const isPresent = (enabled: boolean) =>
    session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  return {
    /** A passkey that was made before; answers with its id as the API has it. */
    hold: async (): Promise<string> => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const id = randomBytes(16)
      await session.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: {
          ...{ credentialId: id.toString('base64'), isResidentCredential: true, signCount: 0 },
          ...{ rpId: 'localhost', userHandle: Buffer.from('u-ana').toString('base64') },
          privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
        },
      })
      return id.toString('base64url')
    },
    /** Whoever asks from now on is given it. */
    touch: () => isPresent(true),
    leave: () => isPresent(false),
    /** Nobody touches it: what asks for it ends as a person who cancels. */
    refuse: () =>
      session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false }),
  }
}
