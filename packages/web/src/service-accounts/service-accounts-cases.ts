import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** Accounts of programs and their tokens, against the fixture. */
export const serviceAccountsCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('a service account is made, and its page asks for the first token', { skip }, async () => {
    await using window = await open('/access/service-accounts', ({ programs }) => programs.empty())
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('heading', { name: 'No service account yet' }).waitFor()
    await page.getByRole('button', { name: 'Make a service account' }).click()
    await dialog.getByLabel('Name', { exact: true }).fill('backup')
    await dialog.getByLabel('Who answers for it').fill('leo')
    await dialog.getByLabel('Role on everything').selectOption('viewer')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Make the account' }).click()
    await page.waitForURL('**/access/service-accounts/backup')
    await page.getByRole('heading', { name: 'No API token' }).waitFor()
    assert.deepEqual(fixture.programs.asks.at(-1), {
      ...{ name: 'backup', owner: 'leo', role: 'viewer' },
    })
  })

  test('a token is made with limits and shown once', { skip }, async () => {
    await using window = await open('/access/service-accounts/deploy-bot')
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Make a token' }).click()
    const make = dialog.getByRole('button', { name: 'Make the token' })
    await dialog.getByLabel('Name', { exact: true }).fill('smoke test')
    assert.equal(await make.isDisabled(), true)
    await dialog.getByRole('checkbox', { name: /services:read/ }).check()
    assert.equal(await dialog.getByRole('checkbox', { name: /services:exec/ }).count(), 0)
    await dialog.getByLabel('It ends', { exact: true }).selectOption('')
    await dialog.getByLabel('Networks').fill('10.0.0.0/8, 192.0.2.7')
    await assertAccessible(page)
    await make.click()
    await dialog.getByText('kst_n3wT0k_one-secret-that-is-shown-once').waitFor()
    await assertAccessible(page)
    assert.deepEqual(fixture.programs.asks.at(-1), {
      ...{ name: 'smoke test', networks: ['10.0.0.0/8', '192.0.2.7'], scopes: ['services:read'] },
    })
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    await page.locator('tr[data-token="smoke test"]').waitFor()
    assert.equal(await page.getByText('shown-once').count(), 0)
  })

  test('a token gets a new secret while the one before goes on', { skip }, async () => {
    await using window = await open('/access/service-accounts/deploy-bot')
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Rotate: pipeline' }).click()
    await dialog.getByLabel('The secret of now goes on').selectOption('1440')
    await dialog.getByRole('button', { name: 'Make the secret' }).click()
    await dialog.getByText('The secret before ends').waitFor()
    assert.deepEqual(fixture.programs.asks.at(-1), { overlapMinutes: 1440 })
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    await page.locator('tr[data-token=pipeline]').getByText('the secret before').waitFor()
    await page.getByRole('button', { name: 'Revoke: pipeline' }).click()
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await page.locator('tr[data-token=pipeline]').waitFor({ state: 'detached' })
    assert.ok(fixture.calls.includes('DELETE /api/v1/tokens/7Yq2Wm'))
  })

  test('an account is disabled, enabled, changed and deleted', { skip }, async () => {
    await using window = await open('/access/service-accounts/deploy-bot')
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
    const confirm = (name: string) => dialog.getByRole('button', { name, exact: true }).click()
    await press('Disable')
    await dialog.getByText('Its tokens are refused at once').waitFor()
    await confirm('Disable')
    await page.getByText('disabled', { exact: true }).waitFor()
    await press('Enable')
    await confirm('Enable')
    await page.getByText('active', { exact: true }).waitFor()
    await press('Change')
    await dialog.getByLabel('Who answers for it').fill('leo')
    await confirm('Save')
    await dialog.waitFor({ state: 'detached' })
    assert.equal((fixture.programs.asks.at(-1) as { owner: string }).owner, 'leo')
    await press('Delete')
    await dialog.getByText('its 2 tokens no longer work').waitFor()
    await confirm('Delete')
    await page.waitForURL('**/access/service-accounts')
    await page.locator('tr[data-account=old-exporter]').waitFor()
    assert.equal(await page.locator('tr[data-account=deploy-bot]').count(), 0)
  })

  test('tokens of everybody are seen and revoked, not rotated', { skip }, async () => {
    await using window = await open('/access/tokens')
    const { page } = window
    await page.locator('tr[data-token=laptop]').getByText('leo').waitFor()
    assert.equal(await page.getByRole('button', { name: /^Rotate/ }).count(), 0)
    await page.getByRole('button', { name: 'Revoke: laptop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.locator('tr[data-token=laptop]').waitFor({ state: 'detached' })
    await page.goto(`${new URL(page.url()).origin}/access/tokens?owner=leo`)
    await page.getByRole('heading', { name: 'No API token' }).waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.locator('tr[data-token=pipeline]').waitFor()
  })

  test('where nobody has a token, the way to one’s own is shown', { skip }, async () => {
    await using window = await open('/access/tokens', ({ programs }) => programs.empty())
    const { page } = window
    await page.getByText('Nobody uses the API by a token yet').waitFor()
    await page.getByRole('link', { name: 'Make one of your own' }).click()
    await page.waitForURL('**/account/tokens')
  })
}
