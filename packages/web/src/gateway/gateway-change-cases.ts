import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { madeKey } from '../test-fixture/gateway-answers.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'

/** What can be changed of the gateway, and by whom, against the fixture. */
export const gatewayChangeCases = ({ browser, skip, until }: Tools): void => {
  const open = openFaultless(browser)

  test('a key is shown once, and stays until it is said to be stored', { skip }, async () => {
    await using window = await open('/gateway/consumers')
    const { page } = window
    await page.getByRole('button', { name: 'Create a consumer' }).click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByRole('button', { name: 'Create' }).isDisabled(), true)
    await dialog.getByLabel('Name').fill('kiosk')
    await dialog.getByLabel('Groups').fill('gold, kiosks')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.waitFor({ state: 'detached' })
    const kiosk = page.locator('tr[data-consumer=kiosk]')
    await kiosk.getByText('kiosks').waitFor()
    await page.getByRole('button', { name: 'Create a key for kiosk' }).click()
    await dialog.getByLabel('Tags').fill('lobby')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.getByText(madeKey).waitFor()
    await dialog.getByRole('button', { name: 'Copy the key' }).waitFor()
    await assertAccessible(page)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await dialog.getByText(madeKey).waitFor()
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.getByText(madeKey).count(), 0)
    await kiosk.getByText('…Ja1u').waitFor()
    await kiosk.getByText('lobby').waitFor()
    await page.getByRole('button', { name: 'Revoke API key …Ja1u' }).click()
    await dialog.getByText('turned away at once').waitFor()
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await kiosk.getByText('none').waitFor()
    await page.getByRole('button', { name: 'Remove kiosk' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await kiosk.waitFor({ state: 'detached' })
  })

  test('what a file manages is changed there; a taken name is told', { skip }, async () => {
    await using window = await open('/gateway/consumers', () => {}, { faults: /409/ })
    const { page } = window
    const partner = page.locator('tr[data-consumer=partner]')
    await partner.getByText('Changed in kong.yml of shop').waitFor()
    assert.equal(await partner.getByRole('button').count(), 0)
    await page.getByRole('button', { name: 'Create a consumer' }).click()
    await page.getByLabel('Name').fill('partner')
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
    await page.getByRole('alert').getByText('There is a consumer partner already').waitFor()
  })

  test('stored answers are forgotten after a question', { skip }, async () => {
    await using window = await open('/gateway/cache')
    const { fixture, page } = window
    await page.getByText('94.4 %').waitFor()
    await page.getByLabel('What to forget').selectOption('URLs that begin with')
    await page.getByLabel('URLs that begin with').fill('https://shop.example/articles/')
    await page.getByLabel('In which cache').selectOption('in http-cache of route')
    await page.getByRole('button', { name: 'Forget', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('begins with https://shop.example/articles/, in http-cache').waitFor()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Forget' }).click()
    await page.getByText('412 answers forgotten.').waitFor()
    assert.deepEqual(fixture.gateway.asks.at(-1), {
      ...{ plugin: 'p-http-cache', prefix: 'https://shop.example/articles/' },
    })
    await page.getByRole('button', { name: 'Forget the 3 answers tagged article-7' }).click()
    await dialog.getByText('with the tag article-7').waitFor()
  })

  test('what will be wanted is asked for ahead, and what fails is told', { skip }, async () => {
    await using window = await open('/gateway/cache')
    const { fixture, page } = window
    const ask = page.getByRole('button', { name: 'Ask for them' })
    assert.equal(await ask.isDisabled(), true)
    await page.getByLabel('Host of the paths').fill('shop.example')
    await page.getByLabel('Paths or URLs').fill('/a\n\nhttps://shop.example/b')
    await ask.click()
    await page.getByText('1 of 2 answers came well.').waitFor()
    await page.getByText('https://shop.example/b: answered 404').waitFor()
    assert.deepEqual(fixture.gateway.asks.at(-1), {
      ...{ host: 'shop.example', paths: ['/a', 'https://shop.example/b'] },
    })
    await assertAccessible(page)
  })

  test('a file is looked at, mended, and applied as it was looked at', { skip }, async () => {
    await using window = await open('/gateway/configuration', () => {}, { faults: /412/ })
    const { fixture, page } = window
    const box = page.getByLabel('Kong file', { exact: true })
    await box.fill('services:\n  - name: orders\n    brken: true')
    await page.getByRole('button', { name: 'See what would change' }).click()
    const faults = page.getByRole('alert')
    assert.match(
      await faults.innerText(),
      /1 mistake[\s\S]*3:5[\s\S]*service 'orders'[\s\S]*brken is no field[\s\S]*Did you mean/,
    )
    await assertAccessible(page)
    await faults.getByRole('button', { name: '3:5' }).click()
    const marked = await box.evaluate((area) => {
      const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement
      return value.slice(selectionStart, selectionEnd)
    })
    assert.equal(marked, 'brken: true')
    assert.equal(await page.getByRole('button', { name: 'Apply', exact: true }).count(), 0)
    await box.fill('services:\n  - name: orders')
    await page.getByText('The text is another one by now').waitFor()
    await page.getByRole('button', { name: 'See what would change' }).click()
    await page.getByText('2 created, 1 updated, 1 deleted').waitFor()
    const updated = page.locator('[data-change=updated]')
    assert.match(
      await updated.innerText(),
      /rate-limiting updated[\s\S]*config\.minute\s+before:\s+60\s+after:\s+120[\s\S]*not set/,
    )
    await assertAccessible(page)
    fixture.gateway.moveOn()
    await page.getByLabel('Note for the revision').fill('more for everybody')
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByRole('alert').getByText('is at revision 8, not 7').waitFor()
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.getByText('against revision 8').waitFor()
    await page.getByLabel('Note for the revision').fill('more for everybody')
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByText('Applied as revision 9.').waitFor()
    assert.deepEqual(fixture.gateway.asks.at(-1), {
      ...{ text: 'services:\n  - name: orders', note: 'more for everybody' },
    })
    assert.equal(await box.inputValue(), '')
  })

  test(
    'a file is chosen, a revision rolled back after its difference, an export taken',
    { skip },
    async () => {
      await using window = await open('/gateway/configuration')
      const { fixture, page } = window
      const chosen = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: 'Choose a file' }).click()
      const text = '_format_version: "3.0"\n'
      await (
        await chosen
      ).setFiles({
        ...{ name: 'kong.yml', mimeType: 'application/yaml', buffer: Buffer.from(text) },
      })
      const box = page.getByLabel('Kong file', { exact: true })
      await until(async () => (await box.inputValue()) === text)
      assert.equal(await box.inputValue(), text)
      await page.getByRole('button', { name: 'Roll back to revision 5' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('1 updated, 1 deleted').waitFor()
      await assertAccessible(page)
      await dialog.getByRole('button', { name: 'Roll back' }).click()
      await dialog.waitFor({ state: 'detached' })
      assert.deepEqual(fixture.gateway.asks.at(-1), { revision: 5 })
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Download', exact: true }).click()
      assert.equal((await download).suggestedFilename(), 'gateway-kong.yml')
      await page.getByText('route web is called shop-web').waitFor()
    },
  )

  test('who may only read sees all of the gateway and changes nothing', { skip }, async () => {
    await using window = await open('/gateway/consumers', ({ permit }) =>
      permit('services:read', 'gateway:read'),
    )
    const { page } = window
    const buttons = () => page.getByRole('main').getByRole('button')
    await page.locator('tr[data-consumer=mobile-app]').waitFor()
    assert.equal(await buttons().count(), 0)
    await page.getByRole('link', { name: 'Cache' }).click()
    await page.getByText('94.4 %').waitFor()
    assert.equal(await buttons().count(), 0)
    await page.getByRole('link', { name: 'Configuration' }).click()
    await page.locator('[data-revision="5"]').waitFor()
    assert.deepEqual(await buttons().allInnerTexts(), ['Download', 'Download for Kong'])
  })
}
