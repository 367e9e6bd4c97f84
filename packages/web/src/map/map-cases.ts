import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** Who calls whom. */
export const mapCases = ({ browser, skip, isListening }: Tools): void => {
  test('the map shows impact and traffic, and opens a service by keyboard', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture, { path: '/services?view=map' })
    const { page } = window
    const orders = page.locator('.map-node[data-service="shop/orders"]')
    await orders.getByText('Affected by payments').waitFor()
    assert.equal(await page.locator('.map-node').count(), 11)
    await isListening(fixture, page, 'traffic')
    fixture.sendTraffic()
    await page.getByText('2.1/s, 1.9/s fail').waitFor()
    await orders.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/services/shop/orders')
    await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor()
  })

  test('traffic moves on the map, unless the person asked for less motion', { skip }, async () => {
    await using fixture = await startFixture()
    for (const motion of [true, false]) {
      await using window = await openWindow(browser(), fixture, { motion })
      const { page } = window
      await window.open('/services?view=map')
      await isListening(fixture, page, 'traffic')
      fixture.sendTraffic()
      const edge = page.locator('.react-flow__edge.flows .react-flow__edge-path').first()
      await edge.waitFor({ state: 'attached' })
      const animation = await edge.evaluate((path) => getComputedStyle(path).animationName)
      assert.equal(animation, motion ? 'map-flow' : 'none')
    }
  })
}
