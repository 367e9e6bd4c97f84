import axe from 'axe-core'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type Page, type Request } from 'playwright-core'
import { sessionCookie, type Fixture } from './fixture-server.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Chromium as the machine has it; undefined when it has none. */
export const findChromium = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path))

/** `keepsPages`: those that were left are kept for the way back, as everywhere but in tests. */
export const launchBrowser = (
  executablePath: string,
  { keepsPages = false } = {},
): Promise<Browser> =>
  chromium.launch({
    executablePath,
    ...(keepsPages ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
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
type WindowOptions = {
  theme?: Theme
  width?: number
  motion?: boolean
  path?: string
  text?: string
}

/** What Chromium says of every open request when a network of the machine comes or goes. */
const networkChanged = 'net::ERR_NETWORK_CHANGED'
const loadsMax = 10

/**
 * A window of its own, signed in at the fixture, and `text` in it. What goes wrong in it is kept in
 * `faults`.
 */
export const openWindow = async (
  browser: Browser,
  fixture: Fixture,
  { theme = 'light', width = 1280, motion = false, path = '/', text }: WindowOptions = {},
) => {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: 800 },
    reducedMotion: motion ? 'no-preference' : 'reduce',
  })
  const [name = '', value = ''] = sessionCookie.split('=')
  await context.addCookies([{ name, value, url: fixture.url }])
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes(networkChanged))
      faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(error.message))
  const open = (to: string, text?: string) => load(page, fixture.url + to, text)
  await load(page, fixture.url + path, text)
  return { page, faults, open, [Symbol.asyncDispose]: () => context.close() }
}

/**
 * Opens an address. Containers that start elsewhere on the machine change its networks, and Chromium
 * then gives up what it loads: that is no fault of the page, so it is loaded again.
 */
const load = async (page: Page, url: string, text?: string): Promise<void> => {
  for (let attempt = 1; attempt <= loadsMax; attempt += 1) {
    const broken = Promise.withResolvers<'broken'>()
    const note = (request: Request) => {
      if (request.failure()?.errorText === networkChanged) broken.resolve('broken')
    }
    page.on('requestfailed', note)
    try {
      const shown = page.goto(url).then(async () => {
        if (text !== undefined) await page.getByText(text).first().waitFor()
        return 'shown' as const
      })
      const outcome = await Promise.race([shown.catch(asBroken), broken.promise])
      if (outcome === 'shown') return
      // The next navigation interrupts this one.
      void shown.catch(() => undefined)
    } finally {
      page.off('requestfailed', note)
    }
  }
  throw new Error(`the networks of the machine changed through ${loadsMax} loads of ${url}`)
}

const asBroken = (error: unknown): 'broken' => {
  if (!String(error).includes(networkChanged)) throw error
  return 'broken'
}

/** Rules of axe that a theme can break, beside those that hold in every theme. */
export const rulesOfColour = ['color-contrast', 'link-in-text-block']

/** Fails with every rule of axe that the page breaks, and where; `rules` asks for some alone. */
export const assertAccessible = async (page: Page, rules?: readonly string[]): Promise<void> => {
  const isThere = await page.evaluate(() => 'axe' in window)
  if (!isThere) await page.evaluate(axe.source)
  const violations = await page.evaluate(async (only) => {
    const { axe: inPage } = window as unknown as { axe: typeof axe }
    const result = await inPage.run({
      resultTypes: ['violations'],
      ...(only === undefined ? {} : { runOnly: { type: 'rule' as const, values: [...only] } }),
    })
    return result.violations.map(({ id, impact, nodes }) => ({
      rule: `${id} (${String(impact)})`,
      places: nodes
        .slice(0, 4)
        .map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
    }))
  }, rules)
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

/** Opens the menu of a row, and takes what is called so. */
export const chooseFrom =
  (page: Page) =>
  async (about: string, name: string): Promise<void> => {
    await page.getByRole('button', { name: `More about ${about}` }).click()
    const items = page.locator('.menu:popover-open')
    await items.getByRole('button', { name }).or(items.getByRole('link', { name })).click()
  }
