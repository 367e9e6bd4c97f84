import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import { linkTokens, password } from '../test-fixture/fixture-people.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** The way in, against the fixture. */
export const signInCases = ({ browser, skip, until }: Tools): void => {
  const open = openFaultless(browser)

  test(
    'a set-up link opens a form once; its token leaves the address and the history',
    { skip },
    async () => {
      await using window = await open(`/set-up#${linkTokens.setup}`, () => {}, {
        faults: /422|401/,
      })
      const { fixture, page } = window
      await page.getByLabel('Name to sign in by').fill('ana')
      assert.equal(page.url(), `${fixture.url}/set-up`)
      const box = page.getByLabel('Password', { exact: true })
      await box.fill('password')
      await page.getByRole('button', { name: 'Set up' }).click()
      await page.getByRole('alert').getByText('among those that are tried first').waitFor()
      await assertAccessible(page)
      await box.fill(password)
      assert.equal(await box.getAttribute('type'), 'password')
      await page.getByRole('button', { name: 'Show: Password' }).click()
      assert.equal(await box.getAttribute('type'), 'text')
      await page.getByRole('button', { name: 'Set up' }).click()
      await page.getByRole('heading', { name: /services are not as they should be/ }).waitFor()
      assert.equal(page.url(), `${fixture.url}/`)
      assert.deepEqual(fixture.people.asks.at(-1), {
        ...{ token: linkTokens.setup, password, name: 'ana' },
      })
      await page.goBack()
      assert.doesNotMatch(page.url(), /#/)
      await page.goto(`${fixture.url}/set-up#${linkTokens.setup}`)
      await page.getByRole('alert').getByText('used up, expired or wrong').waitFor()
      await page.getByRole('heading', { name: 'The link cannot be opened' }).waitFor()
      await page.getByRole('link', { name: 'To the sign-in' }).click()
      await page.waitForURL('**/sign-in')
      await until(async () => (await page.title()) === 'Sign in to Keelson')
      assert.equal(await page.title(), 'Sign in to Keelson')
    },
  )

  test(
    'without a session every page leads to the sign-in, by keyboard alone',
    { skip },
    async () => {
      await using window = await open('/', () => {}, { faults: /401/ })
      const { fixture, page } = window
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL('**/sign-in')
      await page.goto(`${fixture.url}/services/shop/web`)
      await page.waitForURL('**/sign-in')
      await page.getByLabel('Name').focus()
      await page.keyboard.type('ana')
      await page.keyboard.press('Tab')
      await page.keyboard.type('a guess')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').getByText('The name or the password is wrong').waitFor()
      assert.equal(new URL(page.url()).pathname, '/sign-in')
      assert.equal(await page.getByLabel('Name').inputValue(), 'ana')
      await page.getByText('I have forgotten my password').click()
      await page.getByText('keelson user reset ana', { exact: true }).waitFor()
      await assertAccessible(page)
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'web', level: 1 }).waitFor()
    },
  )

  test(
    'a link that does not work says how to get another one to whom it was for',
    { skip },
    async () => {
      await using window = await open('/join#spent', () => {}, { faults: /401/ })
      const { page } = window
      await page.getByRole('alert').getByText('used up, expired or wrong').waitFor()
      assert.equal(await page.getByText('keelson setup-link').count(), 0)
      await using first = await open('/set-up#spent', ({ people }) => people.forgetSetUp(), {
        faults: /401/,
      })
      await first.page.getByText('keelson setup-link', { exact: true }).waitFor()
    },
  )

  test('before the set-up the sign-in says how to get the link', { skip }, async () => {
    await using window = await open('/sign-in', ({ people }) => people.forgetSetUp())
    const { page } = window
    await page.getByRole('heading', { name: 'Keelson is not set up yet' }).waitFor()
    await page.getByText('keelson setup-link', { exact: true }).waitFor()
    await assertAccessible(page)
  })

  test('an invitation and a reset are for a name that cannot be changed', { skip }, async () => {
    await using window = await open(`/join#${linkTokens.invitation}`)
    const { fixture, page } = window
    const name = page.getByLabel('Name to sign in by')
    await name.waitFor()
    assert.equal(await name.inputValue(), 'leo')
    assert.equal(await name.getAttribute('readonly'), '')
    await page.goto(`${fixture.url}/reset#${linkTokens.reset}`)
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByRole('heading', { name: /services are not as they should be/ }).waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { token: linkTokens.reset, password })
  })

  test('a link without its token says so', { skip }, async () => {
    await using window = await open('/join')
    await window.page.getByRole('heading', { name: 'This address is not whole' }).waitFor()
    await assertAccessible(window.page)
  })
}
