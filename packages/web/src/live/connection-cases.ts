import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, launchBrowser, openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** More than the six connections that a browser has to one place over HTTP/1.1. */
const pagesMany = 8

/** What a browser tells a page whose tab another one covers; a browser without a screen tells nothing. */
const cover = (page: Page): Promise<void> =>
  page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
    document.dispatchEvent(new Event('visibilitychange'))
  })

/** Whoever looks has a connection, however many pages were opened before. */
export const connectionCases = ({ skip, until, isListening }: Tools): void => {
  test(
    'pages that were left and are kept for the way back hold no connection',
    { skip },
    async () => {
      await using browser = await launchBrowser(findChromium() ?? '', { keepsPages: true })
      await using fixture = await startFixture()
      await using window = await openWindow(browser, fixture)
      const { page } = window
      for (let load = 0; load < pagesMany; load += 1) {
        await window.open(load % 2 === 0 ? '/services' : '/')
        await isListening(fixture, page)
      }
      await until(() => fixture.streamCount() === 1)
      assert.equal(fixture.streamCount(), 1)
      assert.deepEqual(window.faults, [])
    },
  )

  test('of many tabs only the one that is looked at holds a connection', { skip }, async () => {
    await using browser = await launchBrowser(findChromium() ?? '')
    await using fixture = await startFixture()
    await using window = await openWindow(browser, fixture)
    const tabs = [window.page]
    for (let tab = 1; tab < pagesMany; tab += 1) {
      await cover(tabs.at(-1) ?? window.page)
      const page = await window.page.context().newPage()
      await page.goto(fixture.url)
      await page.locator('[data-live=live]').waitFor()
      tabs.push(page)
    }
    await until(() => fixture.streamCount() === 1)
    assert.equal(fixture.streamCount(), 1)
    assert.deepEqual(window.faults, [])
  })
}
