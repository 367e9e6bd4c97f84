import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, chooseFrom } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** Sign-in providers and the policy, against the fixture. */
export const signInSettingsCases = ({ browser, skip }: Tools): void => {
  const open = openFaultless(browser)

  test('a provider is added; what it cannot be used for is said', { skip }, async () => {
    const empty = ({ programs }: { programs: { empty: () => void } }) => programs.empty()
    await using window = await open('/access/sign-in', empty, { faults: /422/ })
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Add a provider' }).click()
    await dialog.getByLabel('Name on the button').fill('Work')
    await dialog.getByLabel('Id', { exact: true }).fill('work')
    // The address of this browser need not be the public one.
    assert.match(
      await dialog.innerText(),
      /once the provider is added[\s\S]*\/sign-in\/work\/callback/,
    )
    assert.equal(await dialog.getByText(fixture.url).count(), 0)
    await dialog.getByLabel('Issuer').fill('https://broken.example')
    await dialog.getByLabel('Client id').fill('keelson')
    await dialog.getByLabel('The secret').fill('s3cret')
    await dialog.getByRole('button', { name: 'Add a group' }).click()
    await dialog.getByLabel('Group 1', { exact: true }).fill('ops')
    await dialog.getByLabel('Role of group 1').selectOption('operator')
    await dialog.getByLabel('On what, for group 1').fill('stack:shop')
    await dialog.getByRole('checkbox', { name: /Make accounts/ }).check()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Add the provider' }).click()
    await dialog.getByText('names another issuer').waitFor()
    await dialog.getByLabel('Issuer').fill('https://id.example')
    await dialog.getByRole('button', { name: 'Add the provider' }).click()
    await page.locator('[data-provider=work]').getByText('1 group with a role').waitFor()
    await page.getByRole('button', { name: 'Copy the redirect URI of Work' }).waitFor()
    assert.deepEqual(fixture.programs.asks.at(-1), {
      ...{ name: 'Work', issuer: 'https://id.example', clientId: 'keelson' },
      ...{ groupsClaim: 'groups', scopes: ['openid', 'profile', 'email'], clientSecret: 's3cret' },
      ...{ createsUsers: true, trustsFactors: false, allowsInternal: false, disabled: false },
      roles: [{ group: 'ops', role: 'operator', on: { name: 'stack:shop' } }],
    })
  })

  test('a provider is changed without its secret, and deleted', { skip }, async () => {
    await using window = await open('/access/sign-in')
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Change: Example Corp' }).click()
    assert.equal(await dialog.getByLabel('Client secret').inputValue(), 'keep')
    await dialog.getByRole('checkbox', { name: /^Disabled/ }).check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.locator('[data-provider=corp]').getByText('disabled').waitFor()
    assert.equal('clientSecret' in (fixture.programs.asks.at(-1) as object), false)
    await chooseFrom(page)('Example Corp', 'Delete')
    await dialog.getByText('3 accounts are linked to it').waitFor()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'People sign in here alone' }).waitFor()
  })

  test('roles that ask for a second factor are chosen', { skip }, async () => {
    await using window = await open('/access/sign-in', ({ permit }) =>
      permit('users:read', 'access:write'),
    )
    const { fixture, page } = window
    const save = page.getByRole('button', { name: 'Save' })
    await page.getByRole('checkbox', { name: /^operator/ }).check()
    await save.click()
    await page.getByText('Saved. It counts').waitFor()
    assert.deepEqual(fixture.programs.asks.at(-1), { factorRoles: ['administrator', 'operator'] })
    assert.equal(await save.isDisabled(), true)
    assert.equal(await page.getByRole('heading', { name: 'Sign-in providers' }).count(), 0)
  })
}
