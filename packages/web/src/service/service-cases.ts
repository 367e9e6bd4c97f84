import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** One service. */
export const serviceCases = ({ browser, skip }: Tools): void => {
  test(
    'a service page tells the story, the environment and its sources, and hides secrets',
    { skip },
    async () => {
      await using fixture = await startFixture()
      await using window = await openWindow(browser(), fixture, {
        path: '/services/shop/web?tab=why',
      })
      const { page } = window
      await page.getByText('keelson restart shop/payments').waitFor()
      await page.getByRole('tab', { name: 'Environment' }).click()
      const secret = page.getByRole('row', { name: /PAYMENTS_KEY/ })
      assert.match(await secret.innerText(), /Hidden[\s\S]*\.env:7:1/)
      assert.match(await page.getByRole('row', { name: /^PORT/ }).innerText(), /set by Keelson/)
      const level = page.getByRole('row', { name: /LOG_LEVEL/ })
      assert.match(await level.innerText(), /compose\.yaml:34:7[\s\S]*\.env:3:1/)
      await page.getByRole('tab', { name: 'Timeline' }).click()
      await page.getByText('web is degraded: 1 of 2').waitFor()
      assert.match(page.url(), /tab=timeline/)
    },
  )

  test('a restart is asked for first; a built-in part says why it has none', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture, { path: '/services/shop/orders' })
    const { page } = window
    await page.getByRole('button', { name: 'Restart' }).click()
    await page.getByRole('dialog').getByText('one after the other').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.ok(fixture.calls.some((call) => call.endsWith('/services/shop%2Forders/restart')))
    await window.open('/services/keelson/gateway')
    const restart = page.getByRole('button', { name: 'Restart' })
    assert.equal(await restart.isDisabled(), true)
    await page.getByText('Keelson restarts its own parts itself').waitFor()
  })

  test(
    'what one may do nothing with has no button, also when one may elsewhere',
    { skip },
    async () => {
      await using fixture = await startFixture()
      fixture.patchService('shop/orders', { may: [] })
      await using window = await openWindow(browser(), fixture, { path: '/services/shop/orders' })
      const { page } = window
      await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Restart' }).count(), 0)
      // A role that comes while one looks: the live message tells what it opens.
      fixture.patchService('shop/orders', { may: ['services:restart'] })
      await page.getByRole('button', { name: 'Restart' }).waitFor()
      await window.open('/stacks/shop')
      await page.getByRole('button', { name: 'Restart orders' }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Stop orders' }).count(), 0)
      assert.equal(await page.getByRole('button', { name: 'Stop web' }).count(), 1)
    },
  )
}
