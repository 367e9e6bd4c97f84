import assert from 'node:assert/strict'
import { test } from 'node:test'
import { password } from '../test-fixture/fixture-people.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** One's own account, against the fixture. */
export const accountCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('profile and preferences are saved and count at once', { skip }, async () => {
    await using window = await open('/')
    const { fixture, page } = window
    await page.getByRole('link', { name: 'ana', exact: true }).click()
    await page.getByLabel('Your name, as others see it').fill('Ana L.')
    await page.getByLabel('Theme', { exact: true }).and(page.locator('select')).selectOption('dark')
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo')
    await page.getByLabel('How dates are written').selectOption('de')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor({ state: 'attached' })
    assert.deepEqual(fixture.people.asks.at(-1), {
      displayName: 'Ana L.',
      preferences: { theme: 'dark', timeZone: 'Asia/Tokyo', locale: 'de' },
    })
    await page.getByText('Saved.').waitFor()
    await page.getByRole('link', { name: 'Ana L.', exact: true }).waitFor()
    await page.getByRole('link', { name: 'Security' }).click()
    await page.locator('time[title*="20.11.2026, 18:00:00"]').first().waitFor()
  })

  test('the password is changed by the present one', { skip }, async () => {
    await using window = await open('/account/security', () => {}, { faults: /401/ })
    const { page } = window
    await page.getByLabel('Present password', { exact: true }).fill('a guess')
    await page.getByLabel('New password', { exact: true }).fill('oboe gravel lantern')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByRole('alert').getByText('The present password is another one').first().waitFor()
    assert.equal(new URL(page.url()).pathname, '/account/security')
    await page.getByLabel('Present password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('You are signed out everywhere else').waitFor()
    assert.equal(await page.getByLabel('New password', { exact: true }).inputValue(), '')
  })

  test('sessions are ended one by one, or all others at once', { skip }, async () => {
    await using window = await open('/account/security')
    const { page } = window
    const rows = page.locator('tr[data-session]')
    await page.getByRole('button', { name: 'Sign out Firefox on Linux' }).click()
    await page.locator('tr[data-session=s-2]').waitFor({ state: 'detached' })
    const dialog = page.getByRole('dialog', { name: 'Sign out everywhere else?' })
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await dialog.getByText('1 session of yours ends at once, and so do the programs').waitFor()
    assert.equal(await rows.count(), 2)
    await dialog.getByRole('button', { name: 'Sign out' }).click()
    await page.locator('tr[data-session=s-3]').waitFor({ state: 'detached' })
    assert.equal(await rows.count(), 1)
    await rows.getByText('this one').waitFor()
  })
}
