import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** The list of all services. */
export const servicesCases = ({ browser, skip, until }: Tools): void => {
  test(
    'filters and order of the services are in the address, and come from it',
    { skip },
    async () => {
      await using fixture = await startFixture()
      await using window = await openWindow(browser(), fixture)
      const { page } = window
      const rows = page.locator('tbody tr')
      const names = () =>
        rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-service')))
      await window.open('/services')
      await rows.first().waitFor()
      assert.equal((await names())[0], 'shop/payments')
      await page.getByRole('button', { name: /^Healthy/ }).click()
      await page.getByLabel('Stack', { exact: true }).selectOption('shop')
      await page.getByLabel('Filter by text').fill('o')
      await page.getByRole('button', { name: 'Service', exact: true }).click()
      await page.getByRole('button', { name: 'Service', exact: true }).click()
      await page.waitForURL(/sort=-name/)
      const { searchParams } = new URL(page.url())
      assert.deepEqual(Object.fromEntries(searchParams), {
        q: 'o',
        sort: '-name',
        stack: 'shop',
        state: 'healthy',
      })
      assert.deepEqual(await names(), ['shop/orders', 'shop/db', 'shop/catalog'])
      await page.reload()
      await rows.first().waitFor()
      assert.deepEqual(await names(), ['shop/orders', 'shop/db', 'shop/catalog'])
      await page.getByLabel('Filter by text').fill('nothing like it')
      await page.getByRole('button', { name: 'Clear the filters' }).click()
      await until(async () => (await names()).length === 11)
      assert.equal((await names()).length, 11)
    },
  )
}
