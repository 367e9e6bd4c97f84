import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

const liveBadge = (page: Page) => page.locator('[data-live]')

/** What stands around every page. */
export const shellCases = ({ browser, skip, until, isListening }: Tools): void => {
  test('the badge says when the stream breaks and when it is back', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture)
    const { page } = window
    await isListening(fixture, page)
    assert.equal(await liveBadge(page).innerText(), 'Live')
    fixture.breakStreams()
    await page.locator('[data-live=reconnecting]').waitFor()
    assert.equal(await liveBadge(page).innerText(), 'Reconnecting')
    fixture.mendStreams()
    await page.locator('[data-live=live]').waitFor()
  })

  test('an unknown address and an unknown service say so', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture)
    const { page } = window
    for (const path of ['/nowhere', '/services/shop/nobody', '/stacks/nobody']) {
      await window.open(path)
      await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor()
    }
  })

  test(
    'the chosen theme is there before the first paint, and survives a reload',
    { skip },
    async () => {
      await using fixture = await startFixture()
      await using window = await openWindow(browser(), fixture, { theme: 'light' })
      const { page } = window
      const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme')
      assert.equal(await scheme(), 'light')
      await page.getByText('Dark theme').locator('xpath=ancestor::label').click()
      await until(async () => (await scheme()) === 'dark')
      await page.reload({ waitUntil: 'commit' })
      await page.locator('#root').waitFor({ state: 'attached' })
      assert.equal(await scheme(), 'dark')
      assert.deepEqual(window.faults, [])
    },
  )

  test('a keyboard alone gets from the skip link into the content', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture, { path: '/services' })
    const { page } = window
    await page.locator('tbody tr').first().waitFor()
    await page.keyboard.press('Tab')
    assert.equal(
      await page.evaluate(() => document.activeElement?.textContent),
      'Skip to the content',
    )
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    const place = () => page.evaluate(() => document.activeElement?.closest('main') !== null)
    assert.equal(await place(), true)
  })

  test('the focus stays beside what goes away, and on what waited', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture, { path: '/access/grants' })
    const { page } = window
    const isFocused = (place: Locator) => place.evaluate((one) => one === document.activeElement)
    await page.getByRole('button', { name: 'Revoke operator of leo on stack:shop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.locator('[data-grant=g-2]').waitFor({ state: 'detached' })
    await until(() => isFocused(page.getByRole('region', { name: 'Table of grants' })))
    assert.equal(await isFocused(page.getByRole('region', { name: 'Table of grants' })), true)
    await window.open('/access/teams')
    await page.getByRole('button', { name: 'Take leo out of payments' }).click()
    await page.getByText('leo', { exact: true }).waitFor({ state: 'detached' })
    const members = page.getByRole('list', { name: 'Members of payments' })
    await until(() => isFocused(members))
    assert.equal(await isFocused(members), true)
    await window.open('/sign-in')
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill('a guess')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await until(() => isFocused(page.getByRole('button', { name: 'Sign in' })))
    assert.equal(await isFocused(page.getByRole('button', { name: 'Sign in' })), true)
  })

  test('at 320 px the navigation opens as a dialog', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture, { width: 320 })
    const { page } = window
    await page.getByRole('button', { name: 'Open the navigation' }).click()
    await page.getByRole('dialog').getByRole('link', { name: 'System' }).click()
    await page.waitForURL('**/system')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  })
}
