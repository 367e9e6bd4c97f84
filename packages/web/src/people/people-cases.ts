import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFits } from '../test-fixture/assert-fits.ts'
import { assertAccessible, chooseFrom } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** Users, against the fixture. */
export const peopleCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('a user is invited by a link that is shown once', { skip }, async () => {
    await using window = await open('/')
    const { fixture, page } = window
    await page.getByRole('link', { name: 'Access' }).click()
    await page.locator('tr[data-user=leo] .people-roles').getByText('operator').waitFor()
    assert.equal(new URL(page.url()).pathname, '/access/users')
    // By a passkey or a provider alone.
    await page.locator('tr[data-user=noa]').getByText('active').waitFor()
    await page.locator('tr[data-user=mia]').getByText('invited').waitFor()
    await page.getByRole('button', { name: 'Invite a user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name to sign in by').fill('zoe')
    await dialog.getByLabel('Role').selectOption('editor')
    await dialog.getByText('Changes stacks and the gateway').waitFor()
    assert.equal(await dialog.getByRole('option', { name: 'restarter' }).count(), 1)
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

  test('what the platform refuses of a form is told at its field, and fits', { skip }, async () => {
    await using window = await open('/access/users', () => {}, { faults: /400/ })
    const { page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Invite a user' }).click()
    const name = dialog.getByLabel('Name to sign in by')
    await name.fill('a b')
    await dialog.getByText('A name begins with a letter or digit').waitFor()
    assert.equal(await dialog.getByRole('button', { name: 'Make the link' }).isDisabled(), true)
    await name.fill('zoe')
    const box = dialog.getByLabel('Mail address')
    await box.fill('zoe at example')
    await page.keyboard.press('Enter')
    await dialog.getByText('must match format "email"', { exact: true }).waitFor()
    await dialog.getByRole('alert').getByText('See the fields that are marked').waitFor()
    assert.equal(await box.evaluate((one) => document.activeElement === one), true)
    assert.equal(await box.getAttribute('aria-invalid'), 'true')
    const words = await box.getAttribute('aria-describedby')
    assert.match(await dialog.locator(`[id="${words ?? ''}"]`).innerText(), /must match format/)
    await assertFits(page)
    await box.fill('zoe@example.org')
    await page.keyboard.press('Enter')
    await dialog.getByText('https://keelson.example/join#once').waitFor()
  })

  test('users are looked for by a name that the address keeps', { skip }, async () => {
    await using window = await open('/access/users')
    const { page } = window
    const rows = page.locator('tr[data-user]')
    await page.getByLabel('Filter users by name').pressSequentially('leo')
    await page.waitForURL('**/access/users?q=leo')
    await page.locator('tr[data-user=mia]').waitFor({ state: 'detached' })
    await page.reload()
    await rows.first().waitFor()
    assert.equal(await rows.count(), 1)
    assert.equal(await page.getByLabel('Filter users by name').inputValue(), 'leo')
    await page.getByLabel('Filter users by name').fill('nobody')
    await page.getByRole('heading', { name: 'No user matches' }).waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.waitForURL('**/access/users')
    await page.locator('tr[data-user=mia]').waitFor()
    assert.equal(await page.getByLabel('Filter users by name').inputValue(), '')
  })

  test(
    'a user is disabled, enabled, signed out and deleted after a question',
    { skip },
    async () => {
      await using window = await open('/access/users')
      const { fixture, page } = window
      const dialog = page.getByRole('dialog')
      const leo = page.locator('tr[data-user=leo]')
      const choose = chooseFrom(page)
      await choose('leo', 'Disable')
      await dialog.getByText('Their sessions end at once').waitFor()
      await dialog.getByRole('button', { name: 'Disable' }).click()
      await leo.getByText('disabled').waitFor()
      await choose('leo', 'Enable')
      await dialog.getByRole('button', { name: 'Enable' }).click()
      await leo.getByText('active').waitFor()
      await choose('leo', 'Sessions')
      await dialog.getByText('Safari on iOS').waitFor()
      await assertAccessible(page)
      await dialog.getByRole('button', { name: 'Sign out Safari on iOS' }).click()
      await dialog.locator('tr[data-session=s-3]').waitFor({ state: 'detached' })
      assert.ok(fixture.calls.includes('DELETE /api/v1/users/u-leo/sessions/s-3'))
      await dialog.getByRole('button', { name: 'Sign out everywhere' }).click()
      await dialog.waitFor({ state: 'detached' })
      assert.ok(fixture.calls.includes('DELETE /api/v1/users/u-leo/sessions'))
      await choose('leo', 'Second factor lost')
      await dialog.getByText('their password alone lets them in').waitFor()
      await dialog.getByRole('button', { name: 'Forget it' }).click()
      await dialog.waitFor({ state: 'detached' })
      assert.ok(fixture.calls.includes('DELETE /api/v1/users/u-leo/factors'))
      // Who has no password is not left without a way in.
      await choose('noa', 'Second factor lost')
      await dialog.getByText('you get a link by which they join anew').waitFor()
      await dialog.getByRole('button', { name: 'Forget it' }).click()
      await dialog.getByText('https://keelson.example/join#once').waitFor()
      await dialog.getByRole('button', { name: 'I have taken it' }).click()
      await page.locator('tr[data-user=noa]').getByText('invited').waitFor()
      await choose('leo', 'Make a reset link')
      await dialog.getByRole('button', { name: 'Make the link' }).click()
      await dialog.getByText('https://keelson.example/reset#once').waitFor()
      await dialog.getByRole('button', { name: 'I have taken it' }).click()
      await choose('leo', 'Delete')
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
      await page.getByRole('button', { name: 'More about leo' }).click()
      await page.getByRole('link', { name: 'What they may, and why' }).waitFor()
      const main = page.getByRole('main')
      assert.deepEqual(await main.getByRole('button', { name: /^(?!More about)/ }).all(), [])
      assert.equal(await main.getByRole('link', { name: 'In the audit' }).count(), 0)
      fixture.permit('services:read')
      await page.reload()
      await page.getByRole('link', { name: 'Services', exact: true }).waitFor()
      assert.equal(await page.getByRole('link', { name: 'Access' }).count(), 0)
    },
  )
}
