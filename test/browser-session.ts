import assert from 'node:assert/strict'
import axe from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { findProgram } from './harness.ts'

/** Chromium as the machine has it, never one that is downloaded. */
export const findChromium = () =>
  findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')

export const openBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', // a container's root cannot have one
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })

export type Theme = 'light' | 'dark'

/** A window of its own, signed in by nothing yet. What goes wrong in it is kept for `assertQuiet`. */
export const openWindow = async (
  browser: Browser,
  { theme = 'light', width = 1280 }: { theme?: Theme; width?: number } = {},
) => {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
    bypassCSP: true, // axe is put into the page
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
  return {
    context,
    page,
    /** Fails when the page has reported an error since the last call. */
    assertQuiet: () => assert.deepEqual(faults.splice(0), []),
    close: () => context.close(),
  }
}

/** Every rule of axe that the page breaks, and where. */
export const findViolations = async (page: Page) => {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe: inPage } = window as unknown as { axe: typeof axe }
    const result = await inPage.run()
    return result.violations.map(({ id, impact, nodes }) => ({
      page: location.pathname + location.search,
      rule: `${id} (${String(impact)})`,
      places: nodes
        .slice(0, 5)
        .map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
    }))
  })
}
