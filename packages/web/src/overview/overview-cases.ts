import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** What needs somebody, and the demo. */
export const overviewCases = ({ browser, skip, isListening }: Tools): void => {
  test(
    'the overview says what is wrong, since when, caused by what and who feels it',
    { skip },
    async () => {
      await using fixture = await startFixture()
      await using window = await openWindow(browser(), fixture)
      const { page } = window
      const problems = page.getByRole('region', { name: 'Wrong now' }).getByRole('listitem')
      const payments = problems.first()
      await payments.getByText('the card processor refuses every charge').waitFor()
      assert.match(
        await payments.innerText(),
        /Unhealthy[\s\S]*shop\/payments[\s\S]*since 2 min ago/,
      )
      assert.match(await payments.innerText(), /Affects orders, web/)
      assert.match(await problems.nth(1).innerText(), /Caused by payments/)
      const services = page.getByRole('region', { name: 'Services', exact: true })
      assert.equal(await services.locator('[data-service]').count(), 11)
      await services.getByRole('link', { name: 'gateway' }).waitFor()
      const shop = page.getByRole('link', { name: 'Open the shop' })
      assert.equal(await shop.getAttribute('href'), 'http://127.0.0.1:8080/')
    },
  )

  test('a change of a service is on screen without reading the page again', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture)
    const { page } = window
    const row = page.locator('[data-service="shop/catalog"]')
    await row.waitFor()
    await isListening(fixture, page)
    const node = await row.elementHandle()
    fixture.patchService('shop/catalog', { state: 'unhealthy', reason: 'It burns' })
    await row.getByText('It burns').waitFor()
    await page.getByRole('heading', { name: '3 of 11 services' }).waitFor()
    assert.equal(await row.evaluate((now, then) => now === then, node), true)
  })

  test('whoever may not change the demo is not asked to remove it', { skip }, async () => {
    await using fixture = await startFixture()
    fixture.permit('services:read', 'stacks:read', 'system:read')
    await using window = await openWindow(browser(), fixture)
    const { page } = window
    await page.getByRole('link', { name: 'Open the shop' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Remove the demo' }).count(), 0)
  })

  test('the demo goes with one click and a question', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture)
    const { page } = window
    await page.getByRole('button', { name: 'Remove the demo' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('everything they stored is deleted').waitFor()
    await assertAccessible(page)
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press('Tab')
      // The browser itself takes a turn between the last button and the first one.
      const place = await page.evaluate(
        () => document.activeElement?.closest('dialog, body')?.tagName,
      )
      const isPage = await page.evaluate(() => document.activeElement === document.body)
      assert.ok(place === 'DIALOG' || isPage)
    }
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Remove the demo' }).click()
    await dialog.getByRole('button', { name: 'Remove the demo' }).click()
    await page.getByText('No stack of yours yet').waitFor()
    assert.ok(fixture.calls.includes('DELETE /api/v1/stacks/shop'))
  })
}
