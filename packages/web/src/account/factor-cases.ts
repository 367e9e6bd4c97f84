import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { assertAccessible, findSmallTargets } from '../test-fixture/browser.ts'
import { codes, someIdentities } from '../test-fixture/fixture-credentials.ts'
import { password } from '../test-fixture/fixture-people.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'
import { openAtLocalhost, withAuthenticator } from '../test-fixture/passkeys.ts'

const at = '2026-11-20T09:00:00.000Z'

/** Second factors, providers and the fresh proof, against the fixture. */
export const factorCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('an authenticator app is set up; recovery codes are shown once', { skip }, async () => {
    await using window = await open('/account/security', () => {}, { faults: /422/ })
    const { page } = window
    await page.getByRole('button', { name: 'Set up' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set up the authenticator app' })
    await dialog.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor()
    await dialog.getByText('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', { exact: true }).waitFor()
    await assertAccessible(page)
    await dialog.getByLabel('Code that the app shows').fill('111111')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').getByText('The code is wrong').waitFor()
    await dialog.getByLabel('Code that the app shows').fill(codes.totp)
    await page.keyboard.press('Enter')
    const once = page.getByRole('dialog', { name: 'Your recovery codes' })
    await once.waitFor()
    assert.equal(await once.getByRole('listitem').count(), 8)
    await assertAccessible(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      once.getByRole('button', { name: 'Download' }).click(),
    ])
    assert.equal(download.suggestedFilename(), 'keelson-recovery-codes.txt')
    const saved = await readFile(await download.path(), 'utf8')
    assert.equal(saved.split('\n').length, 9)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await once.getByRole('button', { name: 'I have stored them' }).click()
    await page.getByText('8 codes', { exact: true }).waitFor()
    assert.deepEqual(await findSmallTargets(page), [])
    await page.getByRole('button', { name: 'Replace the app' }).click()
    const replacing = page.getByRole('dialog', { name: 'Replace the authenticator app' })
    await replacing.getByText('The one you have goes on').waitFor()
    await replacing.getByLabel('Code that the app shows').fill(codes.totp)
    await page.keyboard.press('Enter')
    await replacing.waitFor({ state: 'detached' })
    // The recovery codes from before go on.
    assert.equal(await page.getByRole('dialog').count(), 0)
    await page.getByRole('button', { name: 'Remove the app' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('button', { name: 'Set up' }).waitFor()
  })

  test('passkeys are added with a name, renamed and removed', { skip }, async () => {
    await using window = await open('/account/security')
    const { page } = window
    await page.getByRole('link', { name: /^http:\/\/localhost/ }).waitFor()
    await withAuthenticator(page)
    await openAtLocalhost(window, '/account/security')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    const name = page.getByRole('dialog').getByLabel('Name')
    assert.equal(await name.inputValue(), 'Passkey on Linux')
    await name.fill('Work laptop')
    await assertAccessible(page)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'I have stored them' }).click()
    const list = page.getByRole('list', { name: 'Passkeys' })
    await list.getByText('Work laptop').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Rename Work laptop' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Home laptop')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Remove Home laptop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No passkey yet').waitFor()
  })

  test(
    'ASVS 7.5.1: what is sensitive asks for a fresh proof, and goes on after it',
    { skip },
    async () => {
      await using window = await open(
        '/account/security',
        ({ people }) => {
          people.credentials.have({ totp: { since: at }, recoveryCodesLeft: 1 })
          people.credentials.goStale()
        },
        { faults: /40[13]|422/ },
      )
      const { fixture, page } = window
      const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
      const make = page.getByRole('dialog').getByRole('button', { name: 'Make new codes' })
      await page.getByRole('button', { name: 'Make new codes' }).click()
      await make.click()
      await dialog.getByLabel('Your password', { exact: true }).waitFor()
      await assertAccessible(page)
      assert.deepEqual(await findSmallTargets(page), [])
      const bar = dialog.locator('.dialog-actions').getByRole('button')
      assert.deepEqual(await bar.allInnerTexts(), ['Cancel', 'Confirm'])
      // Who would rather not sees the refusal, where they asked.
      await page.keyboard.press('Escape')
      await page.getByRole('alert').getByText('Prove again that it is you').first().waitFor()
      await make.click()
      await dialog.getByLabel('Your password', { exact: true }).fill('a guess')
      await dialog.getByLabel('Code of the authenticator app').fill(codes.totp)
      await page.keyboard.press('Enter')
      await dialog.getByRole('alert').getByText('The password is another one').waitFor()
      await dialog.getByLabel('Your password', { exact: true }).fill(password)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Your recovery codes' }).waitFor()
      assert.deepEqual(fixture.people.asks.at(-1), { password, code: codes.totp })
      assert.equal(
        fixture.calls.filter((one) => one === 'POST /api/v1/account/recovery-codes').length,
        3,
      )
    },
  )

  test(
    'calls that are refused at once share one dialog; a passkey is a proof',
    { skip },
    async () => {
      await using window = await open('/account/security', () => {}, { faults: /403/ })
      const { fixture, page } = window
      const authenticator = await withAuthenticator(page)
      const id = await authenticator.hold()
      const { credentials } = fixture.people
      credentials.know(id)
      const row = { id, name: 'Laptop', backedUp: true, createdAt: at, lastUsedAt: at }
      credentials.have({ hasPassword: false, passkeys: [row], recoveryCodesLeft: 8 })
      credentials.offer([{ id: 'acme', name: 'Acme' }])
      credentials.goStale()
      await openAtLocalhost(window, '/account/security')
      await page.getByText('You have none, and sign in without').waitFor()
      await page.getByRole('button', { name: 'Link Acme' }).waitFor()
      // Both clicks before either is answered.
      await page.evaluate(() => {
        for (const button of document.querySelectorAll('button')) {
          if (['Link', 'Set up'].includes(button.textContent.trim())) button.click()
        }
      })
      const dialogs = page.getByRole('dialog', { name: 'Confirm that it is you' })
      await dialogs.getByRole('button', { name: 'Use a passkey' }).waitFor()
      await assertAccessible(page)
      assert.equal(await dialogs.count(), 1)
      await dialogs.getByRole('button', { name: 'Use a passkey' }).click()
      await page.waitForURL('**/sign-in/acme')
      const times = (path: string) => fixture.calls.filter((one) => one === path).length
      assert.equal(times('POST /api/v1/account/totp'), 2)
      assert.equal(times('POST /api/v1/account/identities/acme'), 2)
      assert.equal(times('POST /api/v1/session/confirmations'), 1)
    },
  )

  test(
    'ASVS 7.5.1: with a passkey alone the password takes a recovery code, while there is one',
    { skip },
    async () => {
      await using window = await open(
        '/account/security',
        ({ people }) => {
          const row = { id: 'p-1', name: 'Laptop', backedUp: true, createdAt: at, lastUsedAt: at }
          people.credentials.have({ passkeys: [row], recoveryCodesLeft: 3 })
          people.credentials.goStale()
        },
        { faults: /403/ },
      )
      const { fixture, page } = window
      const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
      await page.getByRole('button', { name: 'Make new codes' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Make new codes' }).click()
      await dialog.getByLabel('Your password', { exact: true }).fill(password)
      await dialog.getByLabel('Recovery code').fill(codes.recovery)
      assert.equal(await dialog.getByRole('button', { name: /authenticator app/ }).count(), 0)
      await assertAccessible(page)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Your recovery codes' }).waitFor()
      assert.deepEqual(fixture.people.asks.at(-1), { password, code: codes.recovery })
      await page.getByRole('button', { name: 'I have stored them' }).click()

      fixture.people.credentials.have({ recoveryCodesLeft: 0 })
      fixture.people.credentials.goStale()
      await page.reload()
      await page.getByRole('button', { name: 'Set up' }).click()
      await dialog.getByText('Passkeys do not work at an IP address').waitFor()
      assert.equal(await dialog.getByLabel('Your password', { exact: true }).count(), 0)
    },
  )

  test('who joined with a passkey sets a password, after a fresh proof', { skip }, async () => {
    await using window = await open('/account/security', () => {}, { faults: /403/ })
    const { fixture, page } = window
    const authenticator = await withAuthenticator(page)
    const id = await authenticator.hold()
    const { credentials } = fixture.people
    credentials.know(id)
    const row = { id, name: 'Laptop', backedUp: true, createdAt: at, lastUsedAt: at }
    credentials.have({ hasPassword: false, passkeys: [row], recoveryCodesLeft: 8 })
    credentials.goStale()
    await openAtLocalhost(window, '/account/security')
    await page.getByLabel('New password', { exact: true }).fill(password)
    assert.equal(await page.getByLabel('Present password', { exact: true }).count(), 0)
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Set a password' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await dialog.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByText('You are signed out everywhere else').waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { next: password })
    // From then on the present one is asked for.
    await page.getByRole('button', { name: 'Change the password' }).waitFor()
    await page.getByLabel('Present password', { exact: true }).waitFor()
  })

  test('who has neither password nor passkey is sent to sign in again', { skip }, async () => {
    await using window = await open(
      '/account/security',
      ({ people }) => {
        people.credentials.have({ hasPassword: false })
        people.credentials.goStale()
      },
      { faults: /40[13]/ },
    )
    const { page } = window
    await page.getByRole('button', { name: 'Set up' }).click()
    await page.getByRole('dialog').getByText('sign in again by your provider').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Sign in again' }).click()
    await page.waitForURL('**/sign-in')
  })

  test('a provider is linked by going there, and unlinked', { skip }, async () => {
    await using window = await open('/account/security', ({ people }) =>
      people.credentials.offer(
        [
          { id: 'acme', name: 'Acme' },
          { id: 'home', name: 'Home' },
        ],
        someIdentities,
      ),
    )
    const { fixture, page } = window
    await page.getByText('as ana@acme.example').waitFor()
    await page.getByRole('button', { name: 'Unlink Acme' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Unlink' }).click()
    await page.getByRole('button', { name: 'Link Acme' }).waitFor()
    await page.getByRole('button', { name: 'Link Home' }).click()
    await page.waitForURL('**/sign-in/home')
    await page.goto(`${fixture.url}/account/security#problem=name_taken`)
    await page.getByRole('alert').getByText('linked to somebody else').waitFor()
    assert.equal(page.url(), `${fixture.url}/account/security`)
    await page.goto('about:blank') // as from the provider's site: another document
    await page.goto(`${fixture.url}/account/security#link=proved`)
    await page.getByText('as ana@acme.example').waitFor()
    assert.equal(page.url(), `${fixture.url}/account/security`)
  })

  test(
    'where a role asks for a factor, only the account is open until there is one',
    { skip },
    async () => {
      await using window = await open('/services', ({ people }) =>
        people.credentials.have({ required: true }),
      )
      const { page } = window
      await page.getByRole('heading', { name: 'Your role asks for a second factor' }).waitFor()
      await assertAccessible(page)
      assert.equal(await page.getByRole('navigation').getByRole('listitem').count(), 0)
      await page.getByRole('link', { name: 'Add one to your account' }).click()
      await page.getByText('Until then the other pages stay closed').waitFor()
      await assertAccessible(page)
      await page.getByRole('button', { name: 'Set up' }).click()
      await page.getByLabel('Code that the app shows').fill(codes.totp)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'I have stored them' }).click()
      await page.getByRole('link', { name: 'Services', exact: true }).waitFor()
    },
  )
}
