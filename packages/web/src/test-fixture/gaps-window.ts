import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { openWindow, type Theme } from './browser.ts'
import { gapFindings } from './fixture-gaps.ts'
import { startFixture, type Fixture } from './fixture-server.ts'

/** What the cases of the page of gaps have in common. */
export type Tools = {
  browser: () => Browser
  skip: string | false
  until: (condition: () => Promise<boolean> | boolean) => Promise<void>
  isListening: (fixture: Fixture, page: Page, topic?: string) => Promise<void>
}

/** Opens windows that end without a fault, each with a fixture of its own. */
export const openGaps =
  (browser: () => Browser) =>
  async (
    path: string,
    prepare: (fixture: Fixture) => void = () => {},
    options: { width?: number; theme?: Theme } = {},
  ) => {
    const fixture = await startFixture()
    prepare(fixture)
    const window = await openWindow(browser(), fixture, { path, ...options })
    const { page } = window
    return {
      ...{ fixture, page },
      group: (name: string) => page.locator(`[data-group=${name}]`),
      finding: (index: number) =>
        page.locator(`[data-fingerprint=${gapFindings[index]?.fingerprint ?? ''}]`),
      row: (service: string) => page.locator(`.flow-row[data-service=${service}]`),
      [Symbol.asyncDispose]: async () => {
        assert.deepEqual(window.faults, [])
        await window[Symbol.asyncDispose]()
        await fixture[Symbol.asyncDispose]()
      },
    }
  }

/** How much wider than the screen a page is. */
export const widthBeyond = (page: Page): Promise<number> =>
  page.evaluate(() =>
    Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
  )
