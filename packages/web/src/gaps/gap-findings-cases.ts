import type { GapFinding } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import { gapFindings, gapReport } from '../test-fixture/fixture-gaps.ts'
import { openGaps, widthBeyond } from '../test-fixture/gaps-window.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** What the page of gaps does with findings, against the fixture. */
export const gapFindingsCases = ({ browser, skip, until, isListening }: Tools): void => {
  const open = openGaps(browser)

  test('both sides of a finding stand side by side, with the lines', { skip }, async () => {
    await using window = await open('/gaps/shop')
    const { page, finding } = window
    const head = finding(1).getByRole('button', { name: /orders calls/ })
    await head.focus()
    await page.keyboard.press('Enter')
    const sides = finding(1).locator('.fact')
    assert.match(await sides.first().innerText(), /compose\.yaml:51[\s\S]*payments:8081/)
    assert.match(
      await sides.nth(1).innerText(),
      /payments\/server\.ts:31[\s\S]*app\.listen\(8000\)/,
    )
    const [it] = await sides.nth(1).locator('.is-it').allInnerTexts()
    assert.match(it ?? '', /31[\s\S]*app\.listen\(8000\)/)
    const boxes = async () => Promise.all([sides.first().boundingBox(), sides.nth(1).boundingBox()])
    const [left, right] = await boxes()
    assert.equal(left?.y, right?.y)
    assert.ok((left?.x ?? 0) + (left?.width ?? 0) <= (right?.x ?? 0))
    await finding(1).getByText('keelson gaps rules network/wrong-port').waitFor()
    await page.setViewportSize({ width: 390, height: 800 })
    await until(async () => (await boxes())[0]?.x === (await boxes())[1]?.x)
    const lines = sides.first().locator('.code')
    const [inner, outer] = await lines.evaluate((code) => [code.scrollWidth, code.clientWidth])
    assert.ok((inner ?? 0) > (outer ?? 0), 'the long line scrolls in its own frame')
    assert.equal(await widthBeyond(page), 0)
  })

  test('filters of findings are in the address, and come from it', { skip }, async () => {
    await using window = await open('/gaps/shop?family=claims')
    const { page } = window
    await page.locator('[data-findings="2"]').waitFor()
    await page.getByLabel('Service', { exact: true }).selectOption('cache')
    await page.getByLabel('Filter findings by text').fill('list')
    await page.waitForURL(/q=list/)
    assert.equal(new URL(page.url()).searchParams.toString(), 'family=claims&service=cache&q=list')
    await page.reload()
    await page.locator('[data-findings="1"]').waitFor()
    await page.getByLabel('Filter findings by text').fill('nothing like it')
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await page.locator('[data-findings="7"]').waitFor()
    assert.equal(new URL(page.url()).search, '')
  })

  test('a finding is accepted with a reason, and that is taken back', { skip }, async () => {
    await using window = await open('/gaps/shop')
    const { fixture, page, finding, group } = window
    await finding(0).getByRole('button', { name: 'Accept' }).click()
    const dialog = page.getByRole('dialog')
    const confirm = dialog.getByRole('button', { name: 'Accept' })
    assert.equal(await confirm.isDisabled(), true)
    await page.keyboard.type('  x ')
    assert.equal(await confirm.isDisabled(), true)
    await dialog.getByText('At least 3 letters').waitFor()
    await page.keyboard.type('the search comes next month')
    await dialog.getByLabel('Until').fill('2099-12-31')
    await assertAccessible(page)
    await confirm.click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('1 error, 3 warnings: claimed 12').waitFor()
    const place = () =>
      page.evaluate(() =>
        document.activeElement?.closest('.finding')?.getAttribute('data-fingerprint'),
      )
    const isAt = (at: number) => until(async () => (await place()) === gapFindings[at]?.fingerprint)
    // Who works by keyboard goes on with the next finding.
    await isAt(1)
    await group('accepted').getByRole('button', { name: 'Accepted' }).click()
    assert.match(
      await finding(0).innerText(),
      /x the search comes next month[\s\S]*accepted by administrator[\s\S]*until .*2099/,
    )
    assert.equal(await finding(0).getByRole('button', { name: 'Accept', exact: true }).count(), 0)
    await finding(0).getByRole('button', { name: 'Withdraw' }).click()
    await page.getByText('2 errors, 3 warnings: claimed 12').waitFor()
    await group('fix').locator(finding(0)).waitFor()
    await isAt(gapFindings.findIndex(({ acceptance }) => acceptance !== null))
    const path = `/api/v1/stacks/shop/gaps/${gapFindings[0]?.fingerprint ?? ''}/acceptance`
    assert.deepEqual(
      fixture.calls.filter((call) => call.endsWith(path)),
      [`PUT ${path}`, `DELETE ${path}`],
    )
  })

  test('a fix is shown as what it adds and removes, with its command', { skip }, async () => {
    await using window = await open('/gaps/shop')
    const { page, finding, group } = window
    await finding(2)
      .getByRole('button', { name: /db has no health check/ })
      .click()
    await finding(2).getByRole('button', { name: 'Show the fix' }).click()
    const fix = finding(2).getByRole('group', { name: 'Fix' })
    await fix.getByText('keelson gaps --fix --finding 0123456789abcdef').waitFor()
    assert.match((await fix.locator('.is-removed').allInnerTexts()).join(), /121.*postgres:17/s)
    assert.equal(await fix.locator('.is-added').count(), 6)
    await assertAccessible(page)
    await group('mend').getByRole('button', { name: 'Show the fix of all 2' }).click()
    await group('mend').locator('.mend-all').getByText('keelson gaps --fix').waitFor()
    assert.equal(
      await finding(0).getByRole('button', { name: 'Show the fix' }).count(),
      0,
      'what needs a decision has no fix to show',
    )
  })

  test('findings come and go live; what is unfolded stays, where it is', { skip }, async () => {
    await using window = await open('/gaps/shop')
    const { fixture, page, finding, group } = window
    await finding(3)
      .getByRole('button', { name: /cache may take/ })
      .click()
    await finding(3).getByText('Add mem_limit: 256m').waitFor()
    await isListening(fixture, page, 'gaps')
    const node = await finding(3).elementHandle()
    fixture.gaps.change('shop', (report) => ({
      ...report,
      findings: [made('00000000000000aa', 'a new one'), ...report.findings.slice(1)],
    }))
    const fresh = page.locator('[data-fingerprint="00000000000000aa"]')
    await fresh.and(page.locator('[data-new]')).getByText('new', { exact: true }).waitFor()
    await page.getByRole('status').filter({ hasText: '1 new: a new one' }).waitFor()
    await finding(0).waitFor({ state: 'detached' })
    assert.equal(await finding(3).evaluate((now, then) => now === then, node), true)
    await finding(3).getByText('Add mem_limit: 256m').waitFor()
    assert.equal(await page.locator('[data-new]').count(), 1)
    // All of a group may go and come again, as while a file is being written.
    fixture.gaps.change('shop', (report) => ({ ...report, findings: [] }))
    await page.getByRole('heading', { name: 'No gaps', exact: true }).waitFor()
    await page.getByText('No gaps: claimed 12').waitFor()
    fixture.gaps.change('shop', () => gapReport)
    await group('mend').waitFor()
    await finding(3).getByText('Add mem_limit: 256m').waitFor()
  })

  test('what a file says is shown as text', { skip }, async () => {
    const evil = '<img src=x onerror="document.title=1"><script>1</script>'
    await using window = await open('/gaps/shop', ({ gaps }) =>
      gaps.setReports([{ ...gapReport, findings: [made('00000000000000bb', evil)] }]),
    )
    const { page } = window
    await page.locator('.finding').getByText(evil).first().waitFor()
    assert.equal(await page.locator('.finding img').count(), 0)
  })
}

const made = (fingerprint: string, message: string): GapFinding => {
  const [sample] = gapFindings
  assert.ok(sample !== undefined)
  const [fact] = sample.evidence
  assert.ok(fact !== undefined)
  const excerpt = [{ line: 77, text: message, isIt: true }]
  return { ...sample, fingerprint, message, evidence: [{ ...fact, excerpt }] }
}
