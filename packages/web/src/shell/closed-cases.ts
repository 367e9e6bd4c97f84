import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

const ofEverybody = ['public', 'account:own', 'status:read']

/** What is shown to who may not see it, against the fixture. */
export const closedCases = ({ browser, skip, isListening }: Tools): void => {
  const open = openFaultless(browser)

  test('who has no role is told so, and asks for nothing that is refused', { skip }, async () => {
    await using window = await open('/', ({ permit }) => permit(...ofEverybody))
    const { fixture, page } = window
    await page.getByRole('heading', { name: 'No role yet' }).waitFor()
    await assertAccessible(page)
    assert.equal(await page.getByRole('navigation').getByRole('listitem').count(), 0)
    await page.getByRole('link', { name: 'Go to your account' }).click()
    await page.getByText('Your name, as others see it').waitFor()
    await page.goto(`${fixture.url}/services/shop/web`)
    await page.getByRole('heading', { name: 'No role yet' }).waitFor()
    const asked = new Set(fixture.calls.map((one) => one.split('/').slice(0, 4).join('/')))
    assert.deepEqual([...asked].sort(), ['GET /api/v1/account', 'GET /api/v1/session'])
    assert.equal(fixture.streamCount(), 0)
    // A role was granted meanwhile.
    fixture.permit(...ofEverybody, 'services:read')
    await page.getByRole('heading', { name: 'web', level: 1 }).waitFor()
    await isListening(fixture, page)
  })

  test('a page that no role opens says so, in place of what it would show', { skip }, async () => {
    await using window = await open('/audit', ({ permit }) =>
      permit(...ofEverybody, 'services:read'),
    )
    const { fixture, page } = window
    await page.getByRole('heading', { name: 'Your roles do not open this page' }).waitFor()
    await assertAccessible(page)
    assert.equal(await page.getByRole('link', { name: /^Export/ }).count(), 0)
    assert.deepEqual(fixture.audit.queries, [])
    const links = page.getByRole('navigation').getByRole('listitem')
    assert.deepEqual(await links.allInnerTexts(), ['Overview', 'Services', 'Map', 'API reference'])
  })
}
