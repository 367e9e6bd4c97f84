import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { assertAccessible, findSmallTargets, rulesOfColour } from './browser.ts'

/** What is on the page now is accessible in both themes and fits 320 px, without a new load. */
export const assertFits = async (page: Page): Promise<void> => {
  await assertAccessible(page)
  assert.deepEqual(await findSmallTargets(page), [])
  const dark = page.locator('html[data-mantine-color-scheme=dark]')
  await page.emulateMedia({ colorScheme: 'dark' })
  await dark.waitFor({ state: 'attached' })
  await assertAccessible(page, rulesOfColour)
  await page.emulateMedia({ colorScheme: 'light' })
  await dark.waitFor({ state: 'detached' })
  await page.setViewportSize({ width: 320, height: 800 })
  const fits = () =>
    document.documentElement.scrollWidth <= document.documentElement.clientWidth &&
    [...document.querySelectorAll('dialog[open]')].every(
      (dialog) => dialog.scrollWidth <= dialog.clientWidth,
    )
  await page.waitForFunction(fits)
  await assertAccessible(page)
}
