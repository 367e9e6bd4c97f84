import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, openWindow } from '../test-fixture/browser.ts'
import { startFixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

const publicUrl = 'https://ops.example'

/** What the platform tells of itself. */
export const systemCases = ({ browser, skip }: Tools): void => {
  test(
    'a certificate that is not renewed says why, and when it is tried again',
    { skip },
    async () => {
      await using fixture = await startFixture()
      const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()
      fixture.patchSystem({
        publicUrl,
        certificate: {
          ...{ source: 'acme', names: ['ops.example'], fits: true },
          ...{ notAfter: inMs(5.5 * 86_400_000), nextTryAt: inMs(3_600_000) },
          problem: 'the directory does not answer',
        },
      })
      await using window = await openWindow(browser(), fixture, { path: '/system' })
      const { page } = window
      await page.getByText('5 days left').waitFor()
      await page.getByText('by ACME, ops.example').waitFor()
      await page.getByText('the directory does not answer').waitFor()
      await page.getByText('Tried again in').waitFor()
      assert.equal(
        await page.getByRole('link', { name: publicUrl }).getAttribute('href'),
        publicUrl,
      )
      await assertAccessible(page)
    },
  )
}
