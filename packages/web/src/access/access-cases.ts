import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, chooseFrom } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** Teams, roles and the way to them, against the fixture. */
export const accessCases = ({ browser, skip, until }: Tools): void => {
  const open = openFaultless(browser)

  test('Access shows what one may read, and leads to the first of it', { skip }, async () => {
    await using window = await open('/', ({ permit }) => permit('access:break-glass'))
    const { fixture, page } = window
    await page.getByRole('link', { name: 'Access' }).click()
    await page.waitForURL('**/access/emergency')
    const parts = page.getByRole('navigation', { name: 'Access' }).getByRole('link')
    assert.deepEqual(await parts.allInnerTexts(), ['Emergency'])
    fixture.permit('users:read')
    await page.goto(`${fixture.url}/access`)
    await page.waitForURL('**/access/users')
    assert.deepEqual(await parts.allInnerTexts(), [
      ...['Users', 'Teams', 'Roles', 'Grants', 'Service accounts', 'API tokens', 'Sign-in'],
    ])
  })

  test('a team is made, filled by name, emptied and deleted', { skip }, async () => {
    await using window = await open('/access/teams')
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Make a team' }).click()
    await dialog.getByLabel('Name', { exact: true }).fill('night')
    await assertAccessible(page)
    await page.keyboard.press('Enter')
    const night = page.getByRole('region', { name: 'night' })
    await night.getByText('Nobody yet').waitFor()
    await night.getByLabel('Add to night').fill('mia')
    await page.keyboard.press('Enter')
    await night.getByRole('button', { name: 'Take mia out of night' }).waitFor()
    assert.ok(fixture.calls.includes('PUT /api/v1/teams/t-new-1/members/mia'))
    await night.getByLabel('Add to night').fill('deploy-bot')
    await night.getByRole('button', { name: 'Add' }).click()
    await night.getByRole('listitem').getByText('service account').waitFor()
    await night.getByRole('button', { name: 'Take mia out of night' }).click()
    await until(async () => (await night.getByText('mia').count()) === 0)
    await chooseFrom(page)('night', 'Delete')
    await dialog.getByText('Its grants go with it').waitFor()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await night.waitFor({ state: 'detached' })
  })

  test('who is nobody is told where the name was typed', { skip }, async () => {
    await using window = await open('/access/teams', () => {}, { faults: /404/ })
    const { page } = window
    await page.getByLabel('Add to guests').fill('nobody')
    await page.keyboard.press('Enter')
    const guests = page.getByRole('region', { name: 'guests' })
    await guests.getByRole('alert').getByText('There is no user nobody').waitFor()
  })

  test('at 390 px the menu of a team stands beside its name, however long', { skip }, async () => {
    await using window = await open('/access/teams', () => {}, { width: 390 })
    const { page } = window
    const name = 'night'.padEnd(64, '-watch')
    await page.getByRole('button', { name: 'Make a team' }).click()
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name)
    await page.keyboard.press('Enter')
    const title = page.getByRole('heading', { name })
    const [at, menu] = [
      await title.boundingBox(),
      await page.getByRole('button', { name: `More about ${name}` }).boundingBox(),
    ]
    assert.ok(at !== null && menu !== null)
    assert.ok(menu.y < at.y + at.height, 'below the name')
    assert.ok(menu.x >= at.x + at.width && menu.x + menu.width <= 390, 'beside it, in sight')
  })

  test('a platform without teams says what they are for', { skip }, async () => {
    await using window = await open('/access/teams', ({ access }) => access.empty())
    const { page } = window
    await page.getByRole('heading', { name: 'No team yet' }).waitFor()
    await page.getByRole('button', { name: 'Make a team' }).click()
    await page.getByRole('dialog').waitFor()
  })

  test('a role of one’s own is changed by keyboard, and counts once saved', { skip }, async () => {
    await using window = await open('/access/roles')
    const { fixture, page } = window
    const box = (role: string, permission: string) =>
      page.getByRole('checkbox', { name: `${role} may ${permission}` })
    await box('restarter', 'services:read').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    assert.equal(await box('on-call', 'services:restart').isChecked(), true)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    const bar = page.getByRole('region', { name: 'Not saved yet' })
    await bar.getByText('for the holders of 1 grant').waitFor()
    await assertAccessible(page)
    await bar.getByRole('button', { name: 'Undo' }).nth(1).click()
    assert.equal(await box('on-call', 'services:restart').isChecked(), false)
    await bar.getByRole('button', { name: 'Save restarter' }).click()
    await bar.waitFor({ state: 'detached' })
    assert.deepEqual(fixture.access.asks.at(-1), {
      permissions: ['services:read', 'services:restart', 'services:write'],
    })
    assert.equal(await box('viewer', 'services:read').count(), 0)
  })

  test('a role is made from another one, described and deleted', { skip }, async () => {
    await using window = await open('/access/roles')
    const { fixture, page } = window
    const dialog = page.getByRole('dialog')
    const choose = chooseFrom(page)
    await page.getByRole('button', { name: 'Make a role' }).click()
    await dialog.getByLabel('Name', { exact: true }).fill('viewer')
    await dialog.getByText('There is a role of this name').waitFor()
    await dialog.getByLabel('Name', { exact: true }).fill('Re starter!')
    await dialog.getByText('The name of a role begins with a small letter').waitFor()
    await dialog.getByLabel('Name', { exact: true }).fill('')
    await dialog.getByText('Give it a name first.').waitFor()
    await dialog.getByLabel('Name', { exact: true }).fill('log-reader')
    await dialog.getByLabel('Begin with').selectOption('viewer')
    await dialog.getByRole('checkbox', { name: /gateway:read/ }).uncheck()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Make the role' }).click()
    await page.locator('th[data-role=log-reader]').waitFor()
    assert.deepEqual(fixture.access.asks.at(-1), {
      description: '',
      permissions: ['services:read', 'stacks:read', 'gaps:read', 'logs:read', 'system:read'],
    })
    await choose('log-reader', 'Describe')
    await dialog.getByLabel('What it is for').fill('Reads logs')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await choose('log-reader', 'Delete')
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.locator('th[data-role=log-reader]').waitFor({ state: 'detached' })
  })

  test('a role that grants are about stays, and leads to them', { skip }, async () => {
    await using window = await open('/access/roles')
    const { page } = window
    await chooseFrom(page)('restarter', 'Delete')
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByRole('button', { name: 'Delete' }).isDisabled(), true)
    await dialog.getByRole('link', { name: 'Show its grants' }).click()
    await page.waitForURL('**/access/grants?role=restarter')
    await page.locator('[data-grant=g-4]').waitFor()
  })

  test('at 390 px roles stand below each other', { skip }, async () => {
    await using window = await open('/access/roles', () => {}, { width: 390 })
    const { page } = window
    await page.locator('[data-role=restarter] summary').click()
    await page.locator('[data-role=restarter]').getByLabel('logs:read').check()
    await page.getByRole('region', { name: 'Not saved yet' }).getByText('1 change').waitFor()
    await assertAccessible(page)
    await page.locator('[data-role=viewer] summary').click()
    assert.equal(await page.locator('[data-role=viewer]').getByRole('checkbox').count(), 0)
  })

  test('who may only look changes neither teams nor roles nor grants', { skip }, async () => {
    await using window = await open('/access/roles', ({ permit }) => permit('users:read'))
    const { fixture, page } = window
    await page.locator('th[data-role=restarter]').waitFor()
    assert.equal(await page.getByRole('checkbox').count(), 0)
    for (const [path, shown] of [
      ['/access/teams', '[data-team=payments]'],
      ['/access/grants', '[data-grant=g-1]'],
      ['/access/service-accounts/deploy-bot', '[data-token=pipeline]'],
      ['/access/tokens', '[data-token=laptop]'],
      ['/access/sign-in', '.policy'],
    ] as const) {
      await page.goto(fixture.url + path)
      await page.locator(shown).waitFor()
      const buttons = page
        .getByRole('main')
        .getByRole('button', { name: /^(?!More about|Explain)/ })
      assert.deepEqual(await buttons.allInnerTexts(), [], path)
    }
  })
}
