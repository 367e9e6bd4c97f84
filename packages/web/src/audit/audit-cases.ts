import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFits } from '../test-fixture/assert-fits.ts'
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
    await page.getByText('The address is that of KEELSON_AUDIT_WEBHOOK').waitFor()
    const byMachine = 'Details of: local command line changed the gateway'
    await page.getByRole('button', { name: byMachine }).click()
    await page.getByText('too large to be kept').waitFor()
    assert.match(await page.locator('.audit-facts').innerText(), /Who\s+local command line\n/)
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

  test('with half an object nothing is asked for, shown or saved', { skip }, async () => {
    await using window = await open('/audit')
    const { fixture, page } = window
    const rows = page.locator('tr[data-action]')
    const exports = page.getByRole('link', { name: /^Export/ })
    const fault = page.getByText('An object is written kind:name, as service:shop/web or user:leo')
    const box = page.getByLabel('Object')
    await rows.first().waitFor()
    const asked = fixture.audit.queries.length
    await box.fill('leo')
    await page.waitForURL(/object=leo$/)
    await exports.first().waitFor({ state: 'detached' })
    assert.deepEqual([await rows.count(), await exports.count()], [0, 0])
    // On the way to an object nobody is told that it is none.
    assert.equal(await fault.count(), 0)
    await page.keyboard.press('Tab')
    await fault.waitFor()
    assert.equal(await box.getAttribute('aria-invalid'), 'true')
    await assertAccessible(page)
    await page.reload()
    await fault.waitFor()
    assert.deepEqual([await rows.count(), await exports.count()], [0, 0])
    assert.equal(fixture.audit.queries.length, asked)
    await box.fill('user:leo')
    await rows.first().waitFor()
    assert.equal(await rows.count(), 1)
    assert.equal(fixture.audit.queries.at(-1)?.['object'], 'user:leo')
    await exports.first().waitFor()
  })

  test(
    'the audit between two times of one’s own, by the clock of the reader',
    { skip },
    async () => {
      await using window = await open('/audit', ({ people }) =>
        people.prefer({ timeZone: 'Asia/Tokyo' }),
      )
      const { fixture, page } = window
      await page.locator('tr[data-action]').first().waitFor()
      await page.getByLabel('When').selectOption('A time of my own')
      await page.getByLabel('From (').fill('2026-11-20T09:00')
      await page.getByLabel('Until (').fill('2026-11-21T18:30')
      await page.waitForURL(/until=/)
      await assertFits(page)
      const times = { from: '2026-11-20T00:00:00.000Z', until: '2026-11-21T09:30:00.000Z' }
      await until(() => fixture.audit.queries.at(-1)?.['until'] === times.until)
      assert.deepEqual(fixture.audit.queries.at(-1), { ...times, limit: '100' })
      const csv = page.getByRole('link', { name: 'Export CSV' })
      const { searchParams } = new URL((await csv.getAttribute('href')) ?? '', page.url())
      assert.deepEqual(Object.fromEntries(searchParams), { ...times, format: 'csv' })
      await assertAccessible(page)
      await page.reload()
      await page.getByLabel('From (').waitFor()
      assert.equal(await page.getByLabel('From (').inputValue(), '2026-11-20T09:00')
      assert.equal(await page.getByLabel('Until (').inputValue(), '2026-11-21T18:30')
      await page.getByLabel('When').selectOption('Last day')
      await page.waitForURL(/audit\?hours=24$/)
    },
  )

  test('nothing that matches says so, and leads to all rows', { skip }, async () => {
    await using window = await open('/audit?actor=nobody')
    const { page } = window
    await page.getByRole('heading', { name: 'No row matches' }).waitFor()
    await page.getByRole('button', { name: 'Show all rows' }).click()
    await page.waitForURL('**/audit')
    await page.locator('tr[data-action]').first().waitFor()
  })

  test('an audit without a row blames no filter', { skip }, async () => {
    await using window = await open('/audit', ({ audit }) => audit.empty())
    await window.page.getByRole('heading', { name: 'No row yet' }).waitFor()
  })

  test('a time is told with its zone', { skip }, async () => {
    await using window = await open('/audit')
    const { page } = window
    await page.getByRole('button', { name: 'Details of: ana scaled a service' }).click()
    const facts = await page.locator('.audit-facts').innerText()
    const zone = await page.evaluate(
      () =>
        new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' })
          .formatToParts(new Date())
          .find(({ type }) => type === 'timeZoneName')?.value,
    )
    assert.ok(zone !== undefined && facts.includes(zone), facts)
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
