import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import { someClients, someTokens } from '../test-fixture/fixture-delegates.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** One's own tokens and programs, against the fixture. */
export const tokenCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('a token of one’s own is made, shown once, rotated and revoked', { skip }, async () => {
    await using window = await open('/account/tokens')
    const { fixture, page } = window
    await page.getByText('No API token').waitFor()
    await page.getByText('No program').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Make a token' }).click()
    const form = page.getByRole('dialog', { name: 'Make an API token' })
    await form.getByText('Give it a name first.').waitFor()
    await form.getByLabel('Name').fill('backup')
    await form.getByText('Tick at least one thing that it may.').waitFor()
    await form.getByLabel(/^services:read/).check()
    await form.getByText('Tick at least').waitFor({ state: 'detached' })
    await form.getByLabel(/^Networks/).fill('10.0.0.0/8, nope')
    await form.getByText('nope is no address and no range').waitFor()
    assert.equal(await form.getByRole('button', { name: 'Make the token' }).isDisabled(), true)
    await form.getByLabel(/^Networks/).fill('10.0.0.0/8')
    await assertAccessible(page)
    await form.getByRole('button', { name: 'Make the token' }).click()
    await page.getByText('kst_backup_0123456789', { exact: true }).waitFor()
    const asked = fixture.people.asks.at(-1) as { scopes: string[]; networks: string[] }
    assert.deepEqual([asked.scopes, asked.networks], [['services:read'], ['10.0.0.0/8']])
    await page.getByRole('button', { name: 'I have stored it' }).click()
    await page.getByRole('button', { name: 'Rotate: backup' }).click()
    await page.getByRole('button', { name: 'Make the secret' }).click()
    await page.getByText('kst_backup_9876543210', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'I have stored it' }).click()
    await page.locator('tr[data-token=backup]').getByText('the secret before').waitFor()
    await page.getByRole('button', { name: 'Revoke: backup' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No API token').waitFor()
  })

  test('a program is signed out after a question', { skip }, async () => {
    await using window = await open('/account/tokens', ({ people }) =>
      people.credentials.hold({ tokens: someTokens, clients: someClients }),
    )
    const { page } = window
    const dialog = page.getByRole('dialog', { name: 'Sign out deploy-bot?' })
    await page.getByRole('button', { name: 'Sign out deploy-bot' }).click()
    await dialog.getByText('acts as you again only after you allow it anew').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.locator('li[data-client]').count(), 2)
    await page.getByRole('button', { name: 'Sign out deploy-bot' }).click()
    await dialog.getByRole('button', { name: 'Sign out' }).click()
    await page.locator('li[data-client=c-2]').waitFor({ state: 'detached' })
    assert.equal(await page.locator('li[data-client]').count(), 1)
  })
}
