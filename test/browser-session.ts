import assert from 'node:assert/strict'
import axe from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { findProgram } from './harness.ts'

/** Chromium as the machine has it, never one that is downloaded. */
export const findChromium = () =>
  findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')

export const openBrowser = (
  executablePath: string,
  more: readonly string[] = [],
): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', // a container's root cannot have one
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...more,
    ],
  })

/** What a window of somebody who is signed in keeps. */
export type SignedIn = Awaited<ReturnType<BrowserContext['storageState']>>

/** A window of its own, signed in by nothing yet. What goes wrong in it is kept for `assertQuiet`. */
export const openWindow = async (browser: Browser, { signedIn }: { signedIn?: SignedIn } = {}) => {
  const context = await browser.newContext({
    colorScheme: 'light',
    viewport: { width: 1280, height: 900 },
    ...(signedIn === undefined ? {} : { storageState: signedIn }),
    reducedMotion: 'reduce',
    bypassCSP: true, // axe is put into the page
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    // Containers of other tests change the networks of the machine, and Chromium says so.
    if (message.text().includes('ERR_NETWORK_CHANGED')) return
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

/** Rules of axe that a theme can break; all others hold in every theme. */
const rulesOfColour = ['color-contrast', 'link-in-text-block']

/** Every rule of axe that the page breaks in the light theme or in the dark one, and where. */
export const findViolations = async (page: Page) => {
  await page.evaluate(axe.source)
  const light = await violationsNow(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await violationsNow(page, rulesOfColour)
  await page.emulateMedia({ colorScheme: 'light' })
  return [...light, ...dark]
}

const violationsNow = (page: Page, rules?: readonly string[]) =>
  page.evaluate(async (only) => {
    const { axe: inPage } = window as unknown as { axe: typeof axe }
    const result = await inPage.run({
      resultTypes: ['violations'],
      ...(only === undefined ? {} : { runOnly: { type: 'rule' as const, values: [...only] } }),
    })
    return result.violations.map(({ id, impact, nodes }) => ({
      page: location.pathname + location.search,
      rule: `${id} (${String(impact)})`,
      places: nodes
        .slice(0, 5)
        .map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
    }))
  }, rules)
