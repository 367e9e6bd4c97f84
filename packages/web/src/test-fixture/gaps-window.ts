import type { Browser, Page } from 'playwright-core'
import { openFaultless } from './faultless-window.ts'
import { gapFindings } from './fixture-gaps.ts'

/** A page about gaps, and where things are on it. */
export const openGaps = (browser: () => Browser) => {
  const open = openFaultless(browser)
  return async (...asked: Parameters<typeof open>) => {
    const window = await open(...asked)
    const { page } = window
    return {
      ...window,
      group: (name: string) => page.locator(`[data-group=${name}]`),
      finding: (index: number) =>
        page.locator(`[data-fingerprint=${gapFindings[index]?.fingerprint ?? ''}]`),
      row: (service: string) => page.locator(`.flow-row[data-service=${service}]`),
    }
  }
}

/** How much wider than the screen a page is. */
export const widthBeyond = (page: Page): Promise<number> =>
  page.evaluate(() =>
    Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
  )
