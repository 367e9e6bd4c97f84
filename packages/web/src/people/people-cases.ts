import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/gaps-window.ts'
import { openGateway as openWith } from '../test-fixture/gateway-window.ts'

/** Users, against the fixture of pages.test.ts. */
export const peopleCases = ({ browser, skip }: Tools): void => {
  const open = openWith(browser)

  test('a user is invited by a link that is shown once', { skip }, async () => {
    await using window = await open('/')
    const { fixture, page } = window
    await page.getByRole('link', { name: 'Access' }).click()
    await page.locator('tr[data-user=leo] .people-roles').getByText('operator').waitFor()
    await page.getByRole('button', { name: 'Invite a user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name to sign in by').fill('zoe')
    await dialog.getByLabel('Role').selectOption('editor')
    await dialog.getByText('Changes stacks and the gateway').waitFor()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Make the link' }).click()
    await dialog.getByText('https://keelson.example/join#once').waitFor()
    await assertAccessible(page)
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'I have taken it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.locator('tr[data-user=zoe]').getByText('invited').waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { name: 'zoe', role: 'editor' })
    assert.equal(await page.getByText('#once').count(), 0)
  })

  test(
    'a user is disabled, enabled, signed out and deleted after a question',
    { skip },
    async () => {
      await using window = await open('/access/users')
      const { fixture, page } = window
      const dialog = page.getByRole('dialog')
      const leo = page.locator('tr[data-user=leo]')
      await page.getByRole('button', { name: 'Disable: leo' }).click()
      await dialog.getByText('Their sessions end at once').waitFor()
      await dialog.getByRole('button', { name: 'Disable' }).click()
      await leo.getByText('disabled').waitFor()
      await page.getByRole('button', { name: 'Enable: leo' }).click()
      await dialog.getByRole('button', { name: 'Enable' }).click()
      await leo.getByText('active').waitFor()
      await page.getByRole('button', { name: 'Sessions: leo' }).click()
      await dialog.getByText('Safari on iOS').waitFor()
      await assertAccessible(page)
      await dialog.getByRole('button', { name: 'Sign out everywhere' }).click()
      await dialog.waitFor({ state: 'detached' })
      assert.ok(fixture.calls.includes('DELETE /api/v1/users/u-leo/sessions'))
      await page.getByRole('button', { name: 'Reset link: leo' }).click()
      await dialog.getByRole('button', { name: 'Make the link' }).click()
      await dialog.getByText('https://keelson.example/reset#once').waitFor()
      await dialog.getByRole('button', { name: 'I have taken it' }).click()
      await page.getByRole('button', { name: 'Delete: leo' }).click()
      await dialog.getByLabel('Who takes over').fill('ana')
      await dialog.getByRole('button', { name: 'Delete' }).click()
      await leo.waitFor({ state: 'detached' })
    },
  )

  test(
    'who may only see users changes none, and others have no page of them',
    { skip },
    async () => {
      await using window = await open('/access/users', ({ permit }) => permit('users:read'))
      const { fixture, page } = window
      await page.locator('tr[data-user=ana]').waitFor()
      assert.equal(await page.getByRole('main').getByRole('button').count(), 0)
      fixture.permit('services:read')
      await page.reload()
      await page.getByRole('link', { name: 'System' }).waitFor()
      assert.equal(await page.getByRole('link', { name: 'Access' }).count(), 0)
    },
  )
}
