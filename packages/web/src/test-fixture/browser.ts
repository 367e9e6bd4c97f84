import axe from 'axe-core'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { setupToken, type Fixture } from './fixture-server.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Chromium as the machine has it; undefined when it has none. */
export const findChromium = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path))

export const launchBrowser = (executablePath: string): Promise<Browser> =>
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
type WindowOptions = { theme?: Theme; width?: number; motion?: boolean }

/** A window of its own, signed in at the fixture. What goes wrong in it is kept in `faults`. */
export const openWindow = async (
  browser: Browser,
  fixture: Fixture,
  { theme = 'light', width = 1280, motion = false }: WindowOptions = {},
) => {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: 800 },
    reducedMotion: motion ? 'no-preference' : 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(error.message))
  fixture.renewToken()
  await page.goto(`${fixture.url}/sign-in#${setupToken}`)
  await page.waitForURL(`${fixture.url}/`)
  return {
    page,
    faults,
    open: (path: string) => page.goto(fixture.url + path),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Fails with every rule of axe that the page breaks, and where. */
export const assertAccessible = async (page: Page): Promise<void> => {
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async () => {
    const { axe: inPage } = window as unknown as { axe: typeof axe }
    const result = await inPage.run()
    return result.violations.map(({ id, impact, nodes }) => ({
      rule: `${id} (${String(impact)})`,
      places: nodes
        .slice(0, 4)
        .map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
    }))
  })
  assert.deepEqual(violations, [], page.url())
}

/** Interactive elements smaller than 24 px, which WCAG 2.5.8 asks for; links in a text may be. */
export const findSmallTargets = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, select, summary, input, [role=tab]')]
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && box.height > 0)
      // Visually hidden inputs are reached through their label.
      .filter(({ element }) => getComputedStyle(element).opacity !== '0')
      .filter(({ box }) => box.width < 23.5 || box.height < 23.5)
      .map(({ element, box }) => `${element.outerHTML.slice(0, 120)} ${box.width}×${box.height}`),
  )
