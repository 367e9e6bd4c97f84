import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, chooseFrom } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** Who did what, against the fixture. */
export const auditCases = ({ browser, skip, until }: Tools): void => {
  const open = openFaultless(browser)

  test('a row of the audit unfolds into what it was before and after', { skip }, async () => {
    await using window = await open('/audit')
    const { page } = window
    await page.getByText('checkpoint 512').waitFor()
    await page.locator('[data-sink=webhook]').getByText('40 rows behind (4 min)').waitFor()
    await page.getByRole('button', { name: 'Details of: ana scaled a service' }).click()
    const change = page.getByRole('row', { name: /^replicas/ })
    assert.match(await change.innerText(), /replicas\s+2\s+3/)
    await page.getByText('The sale begins at noon').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Details of: ana changed the gateway' }).click()
    await page.getByText('too large to be kept').waitFor()
    assert.equal(await change.count(), 0)
    const denied = page.locator('tr[data-action="request.denied"]')
    assert.match(await denied.innerText(), /×14\s*denied/)
  })

  test('the audit is filtered, saved as filtered, and shared by address', { skip }, async () => {
    await using window = await open('/audit')
    const { fixture, page } = window
    const rows = page.locator('tr[data-action]')
    await rows.first().waitFor()
    await page.getByLabel('Who').fill('leo')
    await page.getByLabel('How it ended').selectOption('denied')
    await page.getByLabel('Object').fill('service:shop/web')
    await page.waitForURL(/object=service/)
    await until(async () => (await rows.count()) === 1)
    assert.deepEqual(fixture.audit.queries.at(-1), {
      ...{ actor: 'leo', outcome: 'denied', object: 'service:shop/web', limit: '100' },
    })
    const csv = page.getByRole('link', { name: 'Export CSV' })
    const { pathname, searchParams } = new URL((await csv.getAttribute('href')) ?? '', page.url())
    assert.equal(pathname, '/api/v1/audit/export')
    assert.deepEqual(Object.fromEntries(searchParams), {
      ...{ actor: 'leo', outcome: 'denied', object: 'service:shop/web', format: 'csv' },
    })
    await page.reload()
    await rows.first().waitFor()
    assert.equal(await rows.count(), 1)
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await until(async () => (await rows.count()) === 7)
  })

  test('half an object is not asked for', { skip }, async () => {
    await using window = await open('/audit')
    const { fixture, page } = window
    await page.locator('tr[data-action]').first().waitFor()
    await page.getByLabel('Object').fill('serv')
    await page.waitForURL(/object=serv$/)
    assert.ok(fixture.audit.queries.every((query) => query['object'] === undefined))
  })

  test('nothing that matches says so', { skip }, async () => {
    await using window = await open('/audit', ({ audit }) => audit.empty())
    await window.page.getByRole('heading', { name: 'No row matches' }).waitFor()
  })

  test('services, stacks and users lead to what was done to them', { skip }, async () => {
    await using window = await open('/services/shop/web?tab=timeline')
    const { fixture, page } = window
    const done = page.getByRole('region', { name: 'Who did what to it' })
    await done.getByText('scaled a service').waitFor()
    await done.getByRole('link', { name: 'All of it: the audit of service:shop/web' }).click()
    await page.waitForURL('**/audit?object=service%3Ashop%2Fweb')
    await page.goto(`${fixture.url}/stacks/shop?tab=plan`)
    await done.getByText('applied a stack').waitFor()
    await page.goto(`${fixture.url}/access/users`)
    await chooseFrom(page)('leo', 'In the audit')
    await page.waitForURL('**/audit?object=user%3Aleo')
    await page.locator('tr[data-action="user.changed"]').waitFor()
  })

  test('who may not read the audit is not shown the way to it', { skip }, async () => {
    const path = '/services/shop/web?tab=timeline'
    await using window = await open(path, ({ permit }) => permit('services:read', 'users:read'))
    const { fixture, page } = window
    await page.getByText('web is degraded: 1 of 2').waitFor()
    await page.getByRole('link', { name: 'Access' }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0)
    assert.equal(await page.getByText('Who did what to it').count(), 0)
    assert.deepEqual(fixture.audit.queries, [])
  })
}
