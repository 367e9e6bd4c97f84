import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, findSmallTargets } from '../test-fixture/browser.ts'
import { gatewayRoutes, manyRoutes } from '../test-fixture/fixture-gateway.ts'
import { widthBeyond } from '../test-fixture/gaps-window.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** What the pages of the gateway show, against the fixture. */
export const gatewayCases = ({ browser, skip, until }: Tools): void => {
  const open = openFaultless(browser)
  const row = (page: Page, name: string) => page.locator(`tr[data-route="${name}"]`)

  test('routes are listed as they are matched, and unfold to all they say', { skip }, async () => {
    await using window = await open('/gateway')
    const { page } = window
    await row(page, 'orders-v2').waitFor()
    const names = await page
      .locator('tr[data-route]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-route')))
    assert.deepEqual(
      names,
      gatewayRoutes.map(({ name, id }) => name ?? id),
    )
    assert.match(
      await row(page, 'orders-v2').innerText(),
      /kong\.yml of shop[\s\S]*GET[\s\S]*shop\.example[\s\S]*orders[\s\S]*correlation-id[\s\S]*413\/s[\s\S]*1\.4\/s/,
    )
    const fold = page.getByRole('button', { name: 'orders-v1' })
    await fold.focus()
    await page.keyboard.press('Enter')
    await page.getByText('v1 of orders, 4,120 requests').waitFor()
    assert.equal(await fold.getAttribute('aria-expanded'), 'true')
    assert.match(page.url(), /route=file/)
    const details = page.locator('.gw-details')
    assert.match(
      await details.innerText(),
      /deprecated since[\s\S]*ends[\s\S]*key-auth\s+service, priority 1250[\s\S]*rate-limiting\s+route, priority 910/,
    )
    await assertAccessible(page)
    await page.reload()
    await details.waitFor()
  })

  test('routes are found by text and by who manages them, in the address', { skip }, async () => {
    await using window = await open('/gateway')
    const { page } = window
    const count = () => page.locator('tr[data-route]').count()
    await row(page, 'web').waitFor()
    await page.getByLabel('Managed by').selectOption('kong.yml of shop')
    await until(async () => (await count()) === 2)
    assert.equal(await count(), 2)
    await page.getByLabel('Filter routes by text').fill('/v1')
    await until(async () => (await count()) === 1)
    await page.waitForURL(/by=file/)
    await page.reload()
    await row(page, 'orders-v1').waitFor()
    await page.getByLabel('Filter routes by text').fill('nothing like it')
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await until(async () => (await count()) === 5)
    assert.equal(await count(), 5)
  })

  test('thousands of routes are read and drawn in parts', { skip }, async () => {
    await using window = await open('/gateway', ({ gateway }) =>
      gateway.setRoutes(manyRoutes(3000)),
    )
    const { fixture, page } = window
    const reads = () => fixture.calls.filter((call) => call.endsWith('/gateway/routes')).length
    await row(page, 'route-0000').waitFor()
    const frame = page.getByRole('region', { name: 'Table of routes' })
    await frame.focus()
    assert.ok((await page.locator('tr[data-route]').count()) < 60)
    const before = reads()
    await until(async () => {
      await page.keyboard.press('End')
      return (await row(page, 'route-0999').count()) === 1
    })
    assert.equal(await row(page, 'route-0999').count(), 1)
    assert.ok(reads() > before)
    assert.ok((await page.locator('tr[data-route]').count()) < 60)
    // Half of them are of another manager: pages without a match lead to the next.
    await page.getByLabel('Managed by').selectOption('API')
    await row(page, 'route-0001').waitFor()
    assert.equal(await row(page, 'route-0002').count(), 0)
  })

  test('figures change in place, without a jump', { skip }, async () => {
    await using window = await open('/gateway')
    const { fixture, page } = window
    const web = row(page, 'web')
    await web.waitFor()
    const node = await web.elementHandle()
    const before = await web.boundingBox()
    fixture.gateway.setRoutes(
      gatewayRoutes.map((one) => ({
        ...one,
        figures: { ...one.figures, requestsPerSecond: 98_765, errorsPerSecond: 4321 },
      })),
    )
    await web.getByText('98,765/s').waitFor()
    assert.equal(await web.evaluate((now, then) => now === then, node), true)
    assert.deepEqual(await web.boundingBox(), before)
  })

  test(
    'a request is explained: who takes it, who does not, and where it goes',
    { skip },
    async () => {
      await using window = await open('/gateway')
      const { fixture, page } = window
      await page.getByLabel('Method').selectOption('POST')
      await page.getByLabel('URL').fill('shop.example/v2/orders/7')
      await page.getByRole('button', { name: 'Headers, consumer, address' }).click()
      await page.getByRole('button', { name: 'Add a header' }).click()
      await page.getByRole('button', { name: 'Add a header' }).click()
      await page.getByLabel('Name of header 1').fill('x-tenant')
      await page.getByLabel('Value of header 1').fill('red')
      await page.getByRole('button', { name: 'Remove header 2' }).click()
      await page.getByLabel('Consumer').fill('mobile-app')
      await assertAccessible(page)
      await page.keyboard.press('Enter')
      await page.getByText('orders-v2 takes it to shop-orders-1 of shop/orders.').waitFor()
      const told = page.getByRole('group', { name: 'Explanation' })
      assert.match(
        await told.innerText(),
        /orders-v2 wins[\s\S]*web matches but loses[\s\S]*its path is shorter[\s\S]*key-auth\s+service: access, header_filter[\s\S]*http:\/\/orders:3000\/7[\s\S]*127\.0\.0\.1:4001[\s\S]*id\s+7/,
      )
      await told.getByText('1 route nearly matches').click()
      await told.getByText('does not start with /v1/orders').waitFor()
      assert.deepEqual(fixture.gateway.asks.at(-1), {
        ...{ method: 'POST', url: 'http://shop.example/v2/orders/7', consumer: 'mobile-app' },
        headers: [{ name: 'x-tenant', value: 'red' }],
      })
      await assertAccessible(page)
      await page.getByLabel('URL').fill('/nowhere')
      await page.getByRole('button', { name: 'Explain' }).click()
      await page.getByText('No route takes this request.').waitFor()
      await told.getByText('does not start with /v2/orders').waitFor()
      await page.getByRole('button', { name: 'Close the explanation' }).click()
      await told.waitFor({ state: 'detached' })
    },
  )

  test(
    'upstreams tell panic, ejections and shares; those not well are one click',
    { skip },
    async () => {
      await using window = await open('/gateway/upstreams')
      const { page } = window
      await page.getByText('Only 25 % of the weight is well').waitFor()
      await page.getByRole('img', { name: '127.0.0.1:4001 71 %, 127.0.0.1:4002 29 %' }).waitFor()
      const ejected = page.locator('[data-target="127.0.0.1:4003"]')
      assert.match(
        await ejected.innerText(),
        /Left out for a while[\s\S]*again (in \d+ s|now)[\s\S]*5 errors in a row[\s\S]*0 of 100[\s\S]*open[\s\S]*812[\s\S]*3/,
      )
      await page.getByLabel('Filter upstreams by text').fill('refunds')
      await until(async () => (await page.locator('[data-upstream]').count()) === 1)
      assert.match(page.url(), /q=refunds/)
      await page.getByLabel('Filter upstreams by text').fill('nothing like it')
      await page.getByRole('button', { name: 'Clear the filters' }).click()
      await page.locator('[data-upstream=search]').waitFor()
    },
  )

  test('a certificate says how long it is still good, and what is wrong', { skip }, async () => {
    await using window = await open('/gateway/certificates')
    const { page } = window
    const of = (name: string) => page.locator(`tr[data-certificate="${name}"]`)
    await of('old.example').getByText('ended 2 days ago').waitFor()
    await of('shop.example').getByText('The renewal failed: DNS has no answer').waitFor()
    assert.equal(await of('shop.example').locator('.state.is-degraded').innerText(), '12 days left')
    assert.equal(await of('api.example').locator('.state.is-healthy').innerText(), '80 days left')
  })

  test('an empty gateway says on each page what to do', { skip }, async () => {
    await using window = await open('/gateway', ({ gateway }) => gateway.empty())
    const { page } = window
    for (const [link, heading] of [
      ['Routes', 'No route yet'],
      ['Upstreams', 'No upstream yet'],
      ['Consumers', 'No consumer yet'],
      ['Cache', 'Nothing is cached'],
      ['Certificates', 'No certificate'],
    ] as const) {
      await page
        .getByRole('navigation', { name: 'Gateway' })
        .getByRole('link', { name: link })
        .click()
      await page.getByRole('heading', { name: heading }).waitFor()
      await assertAccessible(page)
    }
    await page.getByRole('link', { name: 'Configuration' }).last().click()
    await page.getByText('Nothing was applied through the API yet').waitFor()
  })

  test(
    'a gateway that does not answer is told in the words of the platform',
    { skip },
    async () => {
      await using window = await open(
        '/gateway/upstreams',
        ({ gateway }) => gateway.refuse('No gateway answers'),
        { faults: /404/ },
      )
      const { fixture, page } = window
      await page.getByRole('alert').getByText('No gateway answers').waitFor()
      await assertAccessible(page)
      fixture.gateway.refuse(null)
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.locator('[data-upstream=orders]').waitFor()
      await page.getByRole('alert').waitFor({ state: 'detached' })
    },
  )

  for (const [path, text] of [
    ['/gateway?route=file:shop+r-orders-v2', 'Pattern priority'],
    ['/gateway/upstreams', 'Panic'],
    ['/gateway/consumers', 'mobile-app'],
    ['/gateway/cache', '94.4 %'],
    ['/gateway/certificates', 'api.example'],
    ['/gateway/configuration', 'Apply a Kong file'],
  ] as const) {
    test(`${path} is readable at 390 px in the dark`, { skip }, async () => {
      await using window = await open(path, () => {}, { width: 390, theme: 'dark' })
      const { page } = window
      await page.getByText(text).first().waitFor()
      assert.equal(await widthBeyond(page), 0)
      assert.deepEqual(await findSmallTargets(page), [])
      await assertAccessible(page)
    })
  }
}
