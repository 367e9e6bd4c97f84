import type { GapService } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, rulesOfColour } from '../test-fixture/browser.ts'
import { gapHistory, gapReport, manyServices } from '../test-fixture/fixture-gaps.ts'
import { openGaps, widthBeyond } from '../test-fixture/gaps-window.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** The page of gaps, against the fixture. */
export const gapsPageCases = ({ browser, skip, until, isListening }: Tools): void => {
  const open = openGaps(browser)

  test('gaps are one sentence, one picture, and groups by what to do next', { skip }, async () => {
    await using window = await open('/gaps')
    const { page, group, row } = window
    await page.waitForURL('**/gaps/shop')
    assert.equal(
      await page.locator('[data-verdict=unhealthy]').innerText(),
      '2 errors, 3 warnings: claimed 12, declared 10, built 9, healthy 5',
    )
    await page.getByText(/^audited \d+ min ago in 0\.4 s$/).waitFor()
    await row('search').getByText('search/Dockerfile is empty').waitFor()
    await row('payments').getByText('runs and is not healthy').waitFor()
    await page.getByRole('img', { name: '2 more: claimed and declared nowhere' }).waitFor()
    const counts = (await page.locator('[data-group] h2').allInnerTexts()).map((text) =>
      text.replace('\n', ' '),
    )
    assert.deepEqual(counts, ['Fix now 2', 'Mend by command 2', 'Plan 1', 'Know 1', 'Accepted 1'])
    assert.equal(await group('know').locator('.finding').count(), 0)
    await group('know').getByRole('button', { name: 'Know' }).click()
    await group('know').getByText('cache is on no list').waitFor()
    await page.getByText('2 findings are suppressed by comments').waitFor()
  })

  test('the picture is a table for who wants one', { skip }, async () => {
    await using window = await open('/gaps/shop')
    const { page } = window
    await page.getByRole('button', { name: 'Show as a table' }).click()
    const search = page.getByRole('row', { name: /^search/ })
    assert.match(await search.innerText(), /compose\.yaml:76[\s\S]*search\/Dockerfile is empty/)
    assert.match(
      await page.getByRole('row', { name: /^recommend/ }).innerText(),
      /yes[\s\S]*not known[\s\S]*not known/,
    )
    await page.getByText('Claimed: The shop is 12 services').waitFor()
    await assertAccessible(page)
  })

  test('what is off, and a job that ended well, are no gap anywhere', { skip }, async () => {
    const { inventory } = gapReport
    assert.ok(inventory !== null)
    const services = inventory.services.slice(0, 3).map((one, at): GapService => {
      if (at === 0) return { ...one, runs: 'off', running: null, healthy: null }
      return at === 1 ? { ...one, runs: 'once' } : one
    })
    const numbers = { claimed: 3, declared: 3, built: 3, running: 2, healthy: 2, services }
    await using window = await open('/gaps/shop', ({ gaps }) =>
      gaps.setReports([{ ...gapReport, findings: [], inventory: { ...inventory, ...numbers } }]),
    )
    const { page, row } = window
    const sentence = 'No gaps: claimed 3, declared 3, built 3, healthy 2, off 1'
    await page.locator('[data-verdict=healthy]').getByText(sentence).waitFor()
    await row('web').locator('.flow-mark.is-off').waitFor()
    assert.equal(await page.locator('.flow-missing').count(), 0)
    await page.getByRole('button', { name: 'Show as a table' }).click()
    assert.match(await page.getByRole('row', { name: /^web/ }).innerText(), /off$/)
    assert.equal(await page.locator('.flow-answer').count(), 0)
    await assertAccessible(page)
  })

  test('a keyboard goes through the picture and picks a service', { skip }, async () => {
    await using window = await open('/gaps/shop')
    const { page, row, group } = window
    await page.getByRole('button', { name: 'Show as a table' }).focus()
    await page.keyboard.press('Tab')
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    assert.match((await focused()) ?? '', /^catalog: claimed, declared, built, healthy/)
    await page.keyboard.press('End')
    assert.match((await focused()) ?? '', /^2 more/)
    await page.keyboard.press('Home')
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown')
    const caption = page.locator('.flow-caption')
    assert.match(await caption.innerText(), /search\/Dockerfile is empty.*compose\.yaml:76/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/service=search/)
    assert.equal(await row('search').getAttribute('aria-pressed'), 'true')
    await group('mend').waitFor({ state: 'detached' })
    assert.equal(await page.locator('.finding').count(), 1)
    await page.keyboard.press(' ')
    await group('mend').waitFor()
    assert.doesNotMatch(page.url(), /service/)
    await page.keyboard.press('Tab')
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute('type')),
      'search',
      'one press of Tab leaves the picture',
    )
  })

  test('an audit that is awaited, under way or has failed says so', { skip }, async () => {
    const nothing = { inventory: null, findings: [], at: null, durationMs: null }
    await using window = await open('/gaps/shop', ({ gaps }) =>
      gaps.setReports([{ ...gapReport, ...nothing, state: 'waiting' }]),
    )
    const { fixture, page } = window
    await page.getByRole('heading', { name: 'Nothing was audited yet' }).waitFor()
    await assertAccessible(page)
    await isListening(fixture, page, 'gaps')
    fixture.gaps.change('shop', (report) => ({ ...report, isAuditing: true }))
    await page.getByRole('heading', { name: 'The first audit is under way' }).waitFor()
    const reason = 'compose.yaml:3:5: services has to be a mapping'
    fixture.gaps.change('shop', (report) => ({
      ...{ ...report, state: 'failed', reason, isAuditing: false },
    }))
    await page.getByRole('alert').getByText(reason).waitFor()
    await assertAccessible(page)
    fixture.gaps.change('shop', () => ({ ...gapReport, state: 'failed', reason, isAuditing: true }))
    await page.getByText('What is shown is from the one before').waitFor()
    await page.getByText('auditing', { exact: true }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Audit again' }).isDisabled(), true)
    fixture.gaps.change('shop', () => ({ ...gapReport, state: 'failed', reason }))
    await page.getByRole('button', { name: 'Audit again' }).click()
    await page.getByRole('alert').waitFor({ state: 'detached' })
    assert.ok(fixture.calls.includes('POST /api/v1/stacks/shop/gaps/audit'))
  })

  test('who may only read sees everything and changes nothing', { skip }, async () => {
    await using window = await open('/gaps/shop', ({ permit }) =>
      permit('services:read', 'gaps:read'),
    )
    const { page, finding } = window
    await finding(0).getByText('Write search/Dockerfile').waitFor()
    for (const name of ['Audit again', 'Accept']) {
      assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
    }
    await page.locator('[data-group=accepted]').getByRole('button', { name: 'Accepted' }).click()
    await page.getByText('It binds port 25').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Withdraw' }).count(), 0)
  })

  test('the stream asks for gaps only where they are shown and permitted', { skip }, async () => {
    await using window = await open('/services', ({ permit }) => permit('services:read'))
    const { fixture, page } = window
    await isListening(fixture, page)
    assert.ok(!fixture.openTopics().includes('gaps'))
    assert.ok(!fixture.openTopics().includes('stacks'))
    await page.goto(`${fixture.url}/gaps/shop`)
    await page.getByRole('heading', { name: 'Your roles do not open this page' }).waitFor()
    await isListening(fixture, page)
    assert.ok(!fixture.openTopics().includes('gaps'))
    assert.ok(!fixture.calls.some((one) => one.endsWith('/gaps')))
  })

  test(
    'the past is drawn and told, and one audit alone says why nothing is',
    { skip },
    async () => {
      await using window = await open('/gaps/shop')
      const { fixture, page } = window
      const history = page.getByRole('region', { name: 'History' })
      await history.locator('.history-dot').last().waitFor()
      assert.equal(await history.locator('.history-dot').count(), gapHistory.length)
      await history.locator('.history-dot').last().focus()
      await page.keyboard.press('ArrowLeft')
      const caption = history.locator('.history-caption')
      assert.match(await caption.innerText(), /score 79, 1 error, 4 warnings; closed: grafana/)
      const newest = history.getByRole('list').first().getByRole('listitem').first()
      assert.match(
        await newest.innerText(),
        /72[\s\S]*came:\s+orders calls[\s\S]*closed:\s+the volume of db/,
      )
      await history.getByRole('button', { name: 'Show all 7' }).click()
      await history.getByText('running 8, before 7').waitFor()
      await history.getByText('ada accepted: mail is sent in clear text').waitFor()
      await isListening(fixture, page, 'gaps')
      fixture.gaps.setHistory(gapHistory.slice(0, 1))
      fixture.gaps.change('shop', (report) => ({ ...report }))
      await history.getByRole('heading', { name: 'Nothing has changed yet' }).waitFor()
    },
  )

  for (const [width, theme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    test(`60 services are readable at ${width} px`, { skip }, async () => {
      await using window = await open(
        '/gaps/shop',
        ({ gaps }) => gaps.setReports([manyServices(gapReport)]),
        { width, theme },
      )
      const { page, row } = window
      await row('service-01').waitFor()
      assert.equal(await page.locator('.flow-row').count(), 61)
      assert.equal(await page.locator('.flow-row .flow-missing').count(), 8)
      await row('service-08').getByText('service-08/Dockerfile is not there').waitFor()
      assert.deepEqual(await textsOutside(page, '.flow-chart'), [])
      assert.deepEqual(await textsOutside(page, '.history-chart'), [])
      assert.equal(await widthBeyond(page), 0)
      await assertAccessible(page, width === 390 ? undefined : rulesOfColour)
    })
  }

  test('several stacks are a list, and the page of a stack leads here', { skip }, async () => {
    await using window = await open('/gaps', ({ gaps }) =>
      gaps.setReports([
        gapReport,
        { ...gapReport, stack: 'blog', inventory: null, findings: [], at: null, state: 'waiting' },
      ]),
    )
    const { page } = window
    const stacks = page.getByRole('main').getByRole('listitem')
    await page.getByRole('heading', { name: 'blog' }).waitFor()
    const texts = await stacks.allInnerTexts()
    assert.match(
      texts[0] ?? '',
      /shop[\s\S]*2 errors, 3 warnings, 1 note, 1 accepted[\s\S]*72 of 100/,
    )
    assert.match(texts[1] ?? '', /blog[\s\S]*Not audited yet/)
    await assertAccessible(page)
    await page.setViewportSize({ width: 390, height: 800 })
    await until(async () => (await widthBeyond(page)) === 0)
    assert.equal(await widthBeyond(page), 0)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('main').getByRole('link', { name: 'shop' }).click()
    await page.getByRole('heading', { name: 'Gaps of shop' }).waitFor()
    await page.getByLabel('Breadcrumb').getByRole('link', { name: 'shop' }).click()
    await page.getByRole('heading', { name: 'shop', exact: true }).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Gaps' }).click()
    await page.waitForURL('**/gaps/shop')
    const current = page.getByRole('navigation', { name: 'Keelson' }).locator('[aria-current]')
    assert.equal(await current.innerText(), 'Gaps')
  })
}

/** Texts of a drawing that stand outside of it. */
const textsOutside = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate((selector) => {
    const frame = document.querySelector(selector)?.getBoundingClientRect()
    if (frame === undefined) return ['there is no drawing']
    return [...document.querySelectorAll(`${selector} text`)].flatMap((text) => {
      const { left, right } = text.getBoundingClientRect()
      return left < frame.left - 1 || right > frame.right + 1 ? [text.textContent] : []
    })
  }, selector)
