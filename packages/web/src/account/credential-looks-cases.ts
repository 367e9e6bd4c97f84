import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertFits } from '../test-fixture/assert-fits.ts'
import { codes, someIdentities } from '../test-fixture/fixture-credentials.ts'
import { deviceCode, someClients, someTokens } from '../test-fixture/fixture-delegates.ts'
import { password } from '../test-fixture/fixture-people.ts'
import type { Fixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

const at = '2026-11-20T09:00:00.000Z'

/** Somebody who has one of everything. */
const withAll = ({ people: { credentials } }: Fixture) => {
  credentials.have({
    totp: { since: at },
    passkeys: [
      { id: 'p-1', name: 'Work laptop', backedUp: false, createdAt: at, lastUsedAt: at },
      { id: 'p-2', name: 'Phone', backedUp: true, createdAt: at, lastUsedAt: null },
    ],
    recoveryCodesLeft: 2,
  })
  credentials.offer(
    [
      { id: 'acme', name: 'Acme' },
      { id: 'home', name: 'Home' },
    ],
    someIdentities,
  )
  credentials.hold({ tokens: someTokens, clients: someClients })
}

type State = {
  name: string
  path: string
  prepare?: (fixture: Fixture) => void
  reach: (page: Page) => Promise<unknown>
}

const startTotp = async (page: Page) => {
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.getByRole('img', { name: /^QR code/ }).waitFor()
}

const states: readonly State[] = [
  {
    ...{ name: 'the sign-in with providers', path: '/sign-in#problem=elsewhere', prepare: withAll },
    reach: (page) => page.getByText('Continue with Acme').waitFor(),
  },
  {
    ...{ name: 'the second step', path: '/sign-in', prepare: withAll },
    reach: async (page) => {
      await page.getByLabel('Name').fill('ana')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Use a recovery code' }).click()
      await page.getByLabel('Recovery code').waitFor()
    },
  },
  {
    ...{ name: 'an account that has one of everything', path: '/account/security' },
    prepare: withAll,
    reach: (page) => page.getByText('Make new ones before they are used up').waitFor(),
  },
  { name: 'setting up the app', path: '/account/security', reach: startTotp },
  {
    ...{ name: 'the recovery codes', path: '/account/security' },
    reach: async (page) => {
      await startTotp(page)
      await page.getByLabel('Code that the app shows').fill(codes.totp)
      await page.keyboard.press('Enter')
      await page.getByText('Your recovery codes').waitFor()
    },
  },
  {
    ...{ name: 'tokens and programs', path: '/account/tokens', prepare: withAll },
    reach: (page) => page.getByText('deploy-bot').waitFor(),
  },
  {
    ...{ name: 'a program that asks', path: `/device#${deviceCode}` },
    reach: (page) => page.getByRole('button', { name: 'Approve' }).waitFor(),
  },
]

/** How what proves who one is looks, against the fixture. */
export const credentialLooksCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)
  for (const { name, path, prepare, reach } of states) {
    test(`${name}: accessible in both themes, fits 320 px`, { skip }, async () => {
      await using window = await open(path, prepare)
      await reach(window.page)
      await assertFits(window.page)
    })
  }
}
