import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import { deviceCode } from '../test-fixture/fixture-delegates.ts'
import { password } from '../test-fixture/fixture-people.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** Letting a program act as oneself, against the fixture. */
export const deviceCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('a program is allowed by its code, typed as one likes', { skip }, async () => {
    await using window = await open('/device', () => {}, { faults: /404/ })
    const { fixture, page } = window
    const box = page.getByLabel('Code', { exact: true })
    await box.fill('zzzz zzzz')
    assert.equal(await box.inputValue(), 'ZZZZ-ZZZZ')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('No program shows this code').waitFor()
    await assertAccessible(page)
    await box.fill('bcdfghjk')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'keelson wants to act as you' }).waitFor()
    await page.getByText('Restart services', { exact: true }).waitFor()
    await page.getByText('Did you start this yourself, just now?').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('heading', { name: 'keelson is signed in' }).waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { userCode: deviceCode, approve: true })
    await assertAccessible(page)
  })

  test('a code in the address survives the sign-in, and leaves the address', { skip }, async () => {
    await using window = await open('/', () => {}, { faults: /401/ })
    const { fixture, page } = window
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/sign-in')
    await page.goto(`${fixture.url}/device#${deviceCode}`)
    await page.waitForURL('**/sign-in')
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'keelson wants to act as you' }).waitFor()
    assert.equal(page.url(), `${fixture.url}/device`)
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'keelson was refused' }).waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { userCode: deviceCode, approve: false })
  })
}
