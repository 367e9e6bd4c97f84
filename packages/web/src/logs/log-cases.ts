import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWindow } from '../test-fixture/browser.ts'
import { logLine } from '../test-fixture/fixture-data.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** What a page under measure keeps. */
type Measured = { longestMs: number }

/** Logs, live and from before. */
export const logCases = ({ browser, skip, until, isListening }: Tools): void => {
  test(
    '100,000 lines that arrive live stay scrollable, searchable and bounded',
    { skip },
    async (context) => {
      await using fixture = await startFixture()
      await using window = await openWindow(browser(), fixture, {
        path: '/services/shop/payments?tab=logs',
      })
      const { page } = window
      const count = page.locator('.logs-count')
      await count.getByText('1,000 lines').waitFor()
      await isListening(fixture, page, 'logs:shop/payments')
      // The longest turn of the main thread while lines arrive.
      await page.evaluate(() => {
        const state = window as unknown as Measured
        state.longestMs = 0
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) {
            state.longestMs = Math.max(state.longestMs, duration)
          }
        }).observe({ type: 'longtask' })
      })
      for (let batch = 0; batch < 210; batch += 1) {
        const from = fixture.lineCount()
        fixture.writeLogs(
          'shop/payments',
          Array.from({ length: 500 }, (_, index) => logLine(from + index)),
        )
      }
      await count.getByText('100,000 lines').waitFor({ timeout: 60_000 })
      await page.getByText('107999 {"level"').waitFor()
      const longestMs = await page.evaluate(() => (window as unknown as Measured).longestMs)
      context.diagnostic(`longest task of the page meanwhile: ${longestMs} ms`)
      const rows = await page.locator('.logs-row').count()
      assert.ok(rows > 10 && rows < 120, `${rows} rows in the page`)

      // Following was left behind by scrolling up, and is taken up again by the button.
      const frame = page.getByRole('region', { name: 'Log lines' })
      await frame.hover()
      await page.mouse.wheel(0, -3000)
      await page.getByRole('button', { name: /newest/ }).waitFor()
      const before = await page.locator('.logs-row').first().innerText()
      fixture.writeLogs('shop/payments', [logLine(108_000), logLine(108_001)])
      await page.getByRole('button', { name: '2 new, jump to the newest' }).click()
      await page.getByText('108001 ').waitFor()
      assert.notEqual(await page.locator('.logs-row').first().innerText(), before)

      await page.getByLabel('Filter lines by text').fill('108001')
      await count.getByText('1 of 100,000 lines').waitFor()
      await page.getByLabel('Filter lines by text').fill('')
      await page.getByRole('button', { name: 'Wrap' }).click()
      await page.getByText('108001 ').waitFor()
    },
  )

  test('older lines are read by scrolling up, and the view does not jump', { skip }, async () => {
    await using fixture = await startFixture()
    await using window = await openWindow(browser(), fixture, {
      path: '/services/shop/payments?tab=logs',
    })
    const { page } = window
    const count = page.locator('.logs-count')
    await count.getByText('1,000 lines').waitFor()
    await page.getByText('2999 ').first().waitFor()
    await page.getByRole('region', { name: 'Log lines' }).focus()
    await page.keyboard.press('Home')
    await count.getByText('2,000 lines').waitFor()
    await until(async () => (await page.locator('.logs-row', { hasText: ' 2000 ' }).count()) === 1)
    assert.equal(await page.locator('.logs-row', { hasText: ' 2000 ' }).count(), 1)
  })

  test(
    'lines written while the stream was broken are there once it is back',
    { skip },
    async () => {
      await using fixture = await startFixture()
      await using window = await openWindow(browser(), fixture, {
        path: '/services/shop/payments?tab=logs',
      })
      const { page } = window
      await page.getByText('2999 ').first().waitFor()
      await isListening(fixture, page, 'logs:shop/payments')
      fixture.breakStreams()
      await page.locator('[data-live=reconnecting]').waitFor()
      fixture.writeLogs('shop/payments', [logLine(3000), logLine(3001)])
      fixture.mendStreams()
      await page.getByText('3001 order accepted').or(page.getByText('3001 info')).first().waitFor()
      await page.locator('[data-live=live]').waitFor()
    },
  )
}
