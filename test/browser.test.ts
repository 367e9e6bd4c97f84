import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import type { Page } from 'playwright-core'
import {
  findViolations,
  findChromium,
  openBrowser,
  openWindow,
  type SignedIn,
} from './browser-session.ts'
import { administrator, startKeelson, type Keelson } from './harness.ts'

const executable = await findChromium()
const skip = executable === undefined ? 'no Chromium: not installed' : false

const setupLink = async (keelson: Keelson): Promise<string> =>
  (await keelson.run(['setup-link'])).stdout.trim()

const row = (page: Page, service: string) => page.locator(`[data-service="${service}"]`)

const shopServices = ['catalog', 'load', 'orders', 'payments', 'web', 'worker']

test('in the browser', { skip }, async (t) => {
  const keelson = await startKeelson(['--demo'])
  t.after(() => keelson.dispose())
  const browser = await openBrowser(executable ?? '')
  t.after(() => browser.close())
  /** Set up once by the printed link; every window after it goes on as the same person. */
  let signedIn: SignedIn = { cookies: [], origins: [] }

  await t.test(
    'the printed link leads to the set-up and from there to the Overview, once',
    async () => {
      const link = await setupLink(keelson)
      const { context, page, close, assertQuiet } = await openWindow(browser)
      await page.goto(link)
      await page.getByLabel('Name to sign in by').fill(administrator.name)
      await page.getByLabel('Password', { exact: true }).fill(administrator.password)
      assert.deepEqual(await findViolations(page), [])
      await page.getByRole('button', { name: 'Set up' }).click()
      await page
        .getByRole('heading', { level: 1 })
        .filter({ hasText: /healthy|well|works/i })
        .waitFor()
      for (const name of shopServices) await row(page, `shop/${name}`).waitFor()
      await page.locator('[data-service^="keelson/"]').first().waitFor()
      // The token is gone from the address, so that it stays in no history.
      const token = new URL(link).hash + new URL(link).search
      assert.ok(token.length > 10 && !page.url().includes(token), page.url())
      assertQuiet()
      signedIn = await context.storageState()

      const stranger = await openWindow(browser)
      await stranger.page.goto(link)
      await stranger.page.getByRole('alert').getByText('used up').first().waitFor()
      assert.equal(await row(stranger.page, 'shop/orders').count(), 0)
      await stranger.page.goto(`${keelson.url}/sign-in`)
      await stranger.page.getByLabel('Name').fill(administrator.name)
      await stranger.page.getByLabel('Password', { exact: true }).fill(administrator.password)
      await stranger.page.getByRole('button', { name: 'Sign in' }).click()
      await row(stranger.page, 'shop/orders').waitFor()
      await stranger.close()
      await close()
    },
  )

  await t.test('every page is accessible in both themes, quiet, and fits 320 px', async () => {
    const { page, assertQuiet, close } = await openWindow(browser, { signedIn })
    const violations: unknown[] = []
    for (const address of [
      '/',
      '/services',
      '/services?view=map',
      '/services/shop/orders',
      '/services/keelson/gateway',
      '/stacks/shop',
      '/stacks/shop?tab=plan',
      '/access/users',
      '/account',
      '/system',
      '/reference',
      '/no-such-page',
    ]) {
      await page.goto(keelson.url + address)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      violations.push(...(await findViolations(page)))
      await page.setViewportSize({ width: 320, height: 900 })
      const isTooWide = () =>
        document.documentElement.scrollWidth > document.documentElement.clientWidth
      const fits = page.waitForFunction(
        () => document.documentElement.scrollWidth <= document.documentElement.clientWidth,
      )
      await fits.catch(() => undefined)
      assert.equal(await page.evaluate(isTooWide), false, `${address} does not fit 320 px`)
      await page.setViewportSize({ width: 1280, height: 900 })
    }
    await page.goto(keelson.gateway)
    await page.getByRole('button', { name: 'Buy Sextant' }).waitFor()
    await page.getByText('Break something').click()
    violations.push(...(await findViolations(page)))
    assert.deepEqual(violations, [])
    assertQuiet()
    await close()
  })

  await t.test('the files of a stack that nobody changed are a plan of nothing', async () => {
    const { page, assertQuiet, close } = await openWindow(browser, { signedIn })
    await page.goto(`${keelson.url}/stacks/shop?tab=plan`)
    await page.getByText('Nothing would change: everything runs so already.').waitFor()
    assert.equal(await page.getByRole('button', { name: /^Apply/ }).count(), 0)
    assertQuiet()
    await close()
  })

  await t.test(
    'broken payments show on every page by themselves, and so does the cure',
    async () => {
      const keelsonWindow = await openWindow(browser, { signedIn })
      const shop = await openWindow(browser)
      await keelsonWindow.page.goto(keelson.url)
      await shop.page.goto(keelson.gateway)
      await shop.page.getByText('Break something').click()
      await shop.page.getByRole('button', { name: 'Break payments' }).click()
      await shop.page.getByRole('alert').getByText('Payments is down').waitFor()

      const { page } = keelsonWindow
      await row(page, 'shop/payments')
        .getByText(/card processor/)
        .first()
        .waitFor()
      await page.getByRole('heading', { name: 'Wrong now' }).waitFor()

      // Nothing is reloaded: both pages get well by themselves.
      await page.getByRole('heading', { name: 'Wrong now' }).waitFor({ state: 'detached' })
      await shop.page.getByRole('alert').waitFor({ state: 'hidden' })

      await page.goto(`${keelson.url}/services/shop/payments?tab=timeline`)
      await page
        .getByText(/card processor/)
        .first()
        .waitFor()
      await shop.close()
      await keelsonWindow.close()
    },
  )

  await t.test('a purchase is paid and shipped before the eyes of the buyer', async () => {
    const { page, close, assertQuiet } = await openWindow(browser)
    await page.goto(keelson.gateway)
    await page.getByRole('button', { name: 'Buy Brass compass' }).click()
    await page
      .getByRole('status')
      .getByText(/is paid/)
      .waitFor()
    const mine = page.getByRole('row').filter({ hasText: 'yours' })
    await mine.getByText('shipped').waitFor()
    assertQuiet()
    await close()
  })

  await t.test('says that it is cut off when Keelson dies, and catches up', async () => {
    const { page, close } = await openWindow(browser, { signedIn })
    await page.goto(keelson.url)
    await page
      .getByText(/^live$/i)
      .first()
      .waitFor()
    const state = await readFile(path.join(keelson.dataDir, 'platform.json'), 'utf8')
    const killedAt = Date.now()
    process.kill((JSON.parse(state) as { pid: number }).pid, 'SIGKILL')
    await page
      .getByText(/reconnecting|stale|offline/i)
      .first()
      .waitFor()
    await keelson.run(['up', '--demo', '--wait', '--progress', 'plain'])
    await page
      .getByText(/^live$/i)
      .first()
      .waitFor()
    // The page is right again without a reload, and the services never stopped.
    await page
      .getByRole('heading', { level: 1 })
      .filter({ hasText: /healthy|well|works/i })
      .waitFor()
    for (const name of shopServices) {
      await row(page, `shop/${name}`).waitFor()
      const { instances } = await keelson.call('getService', { params: { name: `shop/${name}` } })
      for (const { startedAt } of instances) assert.ok(Date.parse(startedAt ?? '') < killedAt)
    }
    await close()
  })
})
