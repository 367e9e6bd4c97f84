import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from '../test-fixture/browser.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'
import { logLine } from '../test-fixture/fixture-data.ts'
import { actionProgress, filesPlan } from '../test-fixture/fixture-stack.ts'
import type { Tools } from '../test-fixture/page-tools.ts'

/** The page of a stack, against the fixture. */
export const stackPageCases = ({ browser, skip, until, isListening }: Tools): void => {
  const openWith = openFaultless(browser)
  const open = async (...asked: Parameters<typeof openWith>) => {
    const window = await openWith(...asked)
    return {
      ...window,
      service: (name: string) => window.page.locator(`[data-service="shop/${name}"]`),
    }
  }

  test('what may not be read of a stack is counted', { skip }, async () => {
    await using window = await open('/stacks/shop', ({ patchStates }) =>
      patchStates((state) => ({
        ...state,
        stack: { ...state.stack, hidden: state.services.length - 1 },
        services: state.services.slice(0, 1),
      })),
    )
    const { page } = window
    await page.getByText(/\d+ more services are not yours to see, but for their states/).waitFor()
    await assertAccessible(page)
  })

  test('a stack says how it is, and shows the file beside what runs', { skip }, async () => {
    await using window = await open('/stacks/shop')
    const { page, service } = window
    await page.locator('[data-verdict=unhealthy]').waitFor()
    assert.match(
      await page.locator('[data-verdict]').innerText(),
      /payments is down.*web affected; orders is being updated; 3 things drifted/,
    )
    await page.getByText(/applied \d+ min ago by administrator/).waitFor()
    assert.match(
      await service('db').innerText(),
      /1 difference[\s\S]*file postgres:17\.6-alpine[\s\S]*runs postgres:17\.4-alpine/,
    )
    assert.match(await service('catalog').innerText(), /scaled to 1/)
    assert.match(await service('orders').innerText(), /2 outdated[\s\S]*3, 4/)
    const leftOf = async (part: string) =>
      (await service('db').locator(part).boundingBox())?.x ?? Number.NaN
    const lefts = await Promise.all(
      ['.svc-name', '.svc-running', '.svc-made', '.svc-cpu', '.svc-actions'].map(leftOf),
    )
    assert.deepEqual(
      lefts,
      lefts.toSorted((a, b) => a - b),
    )
    await until(async () => /\d MiB/.test(await service('web').innerText()))
    assert.match(await service('web').innerText(), /0\.\d\d[\s\S]*MiB/)
  })

  test('a service unfolds by keyboard into every fact, at an address', { skip }, async () => {
    await using window = await open('/stacks/shop')
    const { page, service } = window
    await page.getByRole('button', { name: 'Facts of db' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/service=db/)
    await page.reload()
    const image = service('db').getByRole('row', { name: /^image/ })
    assert.match(await image.innerText(), /17\.6-alpine[\s\S]*differs[\s\S]*17\.4[\s\S]*:111/)
    const secret = service('db').getByRole('row', { name: /PAYMENTS_KEY/ })
    assert.match(await secret.innerText(), /Hidden[\s\S]*Hidden/)
    await service('db').getByRole('button', { name: 'Only the 1 difference' }).click()
    assert.equal(await secret.count(), 0)
    await service('db')
      .getByRole('cell', { name: '34 MiB' })
      .or(page.getByText('227 MiB'))
      .first()
      .waitFor()
  })

  test(
    'stop asks first, start does not, and another number is asked for once',
    { skip },
    async () => {
      await using window = await open('/stacks/shop?service=catalog')
      const { fixture, page } = window
      await page.getByRole('button', { name: 'Stop web' }).click()
      await page.getByRole('dialog').getByText('stays stopped until somebody starts it').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Start cleanup' }).click()
      const scale = page.getByRole('group', { name: 'Instances of catalog' })
      await scale.getByRole('button', { name: 'One more' }).click()
      await scale.getByRole('button', { name: 'One more' }).click()
      assert.equal(await scale.getByRole('status').innerText(), '3')
      await scale.getByRole('button', { name: 'Scale' }).click()
      const asked = () => fixture.calls.filter((call) => /(stop|start|scale)$/.test(call))
      await until(() => asked().length === 3)
      assert.deepEqual(asked(), [
        'POST /api/v1/services/shop%2Fweb/stop',
        'POST /api/v1/services/shop%2Fcleanup/start',
        'PUT /api/v1/services/shop%2Fcatalog/scale',
      ])
    },
  )

  test('who may only read is offered nothing to change', { skip }, async () => {
    await using window = await open('/stacks/shop?tab=updates', (fixture) =>
      fixture.permit('services:read', 'stacks:read'),
    )
    const { page } = window
    await page.getByText('1 of 3 updated').waitFor()
    await page.getByText('Added cleanup').waitFor()
    assert.equal(await page.getByRole('button', { name: /Roll back|Switch back/ }).count(), 0)
    await page.getByRole('tab', { name: 'Plan' }).click()
    assert.equal(await page.getByRole('button', { name: 'Apply 3 changes' }).isDisabled(), true)
    await page.getByText('that takes the permission stacks:write').waitFor()
    await page.getByRole('tab', { name: 'Services' }).click()
    await page.getByRole('button', { name: 'Facts of db' }).waitFor()
    assert.equal(await page.getByRole('button', { name: /^(Stop|Start|Restart) / }).count(), 0)
  })

  test(
    'drift is listed with its mending command, and goes when it is mended',
    { skip },
    async () => {
      await using window = await open('/stacks/shop?tab=drift')
      const { fixture, page } = window
      const db = page.getByRole('listitem').filter({ hasText: 'Image changed' })
      assert.match(
        await db.innerText(),
        /since 3 h \d+ min ago[\s\S]*compose\.yaml:97[\s\S]*keelson up/,
      )
      await isListening(fixture, page)
      fixture.patchStates((state) => ({ ...state, drift: [] }))
      await page.getByRole('heading', { name: 'Runs as applied' }).waitFor()
      await assertAccessible(page)
    },
  )

  test(
    'an update gets on live without redrawing what stays, and can be undone',
    { skip },
    async () => {
      await using window = await open('/stacks/shop?tab=updates')
      const { fixture, page } = window
      const orders = page.locator('[data-rollout=orders]')
      await orders.getByText('1 of 3 updated').waitFor()
      const blocks = (revision: number) =>
        orders
          .getByRole('list', { name: `revision ${revision}` })
          .getByRole('listitem')
          .allInnerTexts()
      assert.deepEqual(await blocks(3), ['shop-orders-1: draining', 'shop-orders-4: serving'])
      assert.deepEqual(await blocks(4), ['shop-orders-2: serving', 'shop-orders-3: starting'])
      await isListening(fixture, page)
      const node = await orders.elementHandle()
      fixture.patchStates((state) => ({
        ...state,
        rollouts: state.rollouts.map((rollout) =>
          rollout.service === 'orders' ? { ...rollout, done: 2, text: 'almost there' } : rollout,
        ),
        services: state.services.map((service) => ({
          ...service,
          instances: service.instances.filter(({ name }) => name !== 'shop-orders-1'),
        })),
      }))
      await orders.getByText('almost there').waitFor()
      assert.deepEqual(await blocks(3), ['shop-orders-4: serving'])
      assert.equal(await orders.evaluate((now, then) => now === then, node), true)
      await page.getByRole('button', { name: 'Switch back catalog' }).waitFor()
      await page.getByRole('button', { name: 'Roll back orders' }).click()
      await page.getByRole('dialog').getByText('go back to revision 3').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      assert.ok(fixture.calls.includes('POST /api/v1/services/shop%2Forders/rollback'))
    },
  )

  test('going back to a revision shows its plan before anything is done', { skip }, async () => {
    await using window = await open('/stacks/shop?tab=updates')
    const { fixture, page } = window
    await page.getByRole('button', { name: 'Roll back to revision 3' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('3 actions, in this order; 5 instances stay as they are.').waitFor()
    const replace = dialog
      .getByRole('listitem')
      .filter({ hasText: 'Replace shop-orders-1' })
      .first()
    assert.match(
      await replace.innerText(),
      /image[\s\S]*compose\.yaml:40[\s\S]*2\.4\.0[\s\S]*2\.3\.1[\s\S]*FEATURE_EXPRESS[\s\S]*Hidden/,
    )
    await assertAccessible(page)
    const asked = () => fixture.calls.filter((call) => call.includes('/stacks/shop/rollback'))
    assert.deepEqual(asked(), ['POST /api/v1/stacks/shop/rollback?dryRun'])
    await dialog.getByRole('button', { name: 'Roll back' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.deepEqual(asked().slice(1), ['POST /api/v1/stacks/shop/rollback'])
  })

  test('the plan of the files is shown, and exactly that is applied', { skip }, async () => {
    await using window = await open('/stacks/shop?tab=drift')
    const { fixture, page } = window
    await page.getByRole('tab', { name: 'Plan 3 to do' }).waitFor()
    await page.getByRole('link', { name: 'See the plan' }).click()
    await page.waitForURL(/tab=plan/)
    await page.getByText('compose.yaml, .env have changed since revision 4').waitFor()
    const warnings = page.getByRole('list', { name: 'Warnings about the files' })
    assert.match(await warnings.innerText(), /PAYMENTS_REGION is not set.*compose\.yaml:44/)
    const orders = page.getByRole('listitem').filter({ hasText: 'Replace shop-orders-1' }).first()
    assert.match(
      await orders.innerText(),
      /image[\s\S]*compose\.yaml:40[\s\S]*2\.4\.0[\s\S]*2\.3\.1[\s\S]*FEATURE_EXPRESS[\s\S]*Hidden/,
    )
    await page.getByRole('button', { name: 'Apply 3 changes' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Nothing would change: everything runs so already.').waitFor()
    assert.equal(await page.getByRole('button', { name: /^Apply/ }).count(), 0)
    assert.ok(fixture.calls.includes('POST /api/v1/stacks/shop/files/apply'))
  })

  test('a plan that is not so any more is refused, and the new one shown', { skip }, async () => {
    await using window = await open('/stacks/shop?tab=plan')
    const { fixture, page, faults } = window
    const apply = page.getByRole('button', { name: /^Apply/ })
    await page.getByRole('button', { name: 'Apply 3 changes' }).waitFor()
    const [first] = filesPlan.plan.actions
    assert.ok(first !== undefined)
    fixture.changeFiles({ plan: { ...filesPlan.plan, digest: 'other', actions: [first] } })
    await apply.click()
    await page.getByRole('alert').getByText('has changed since it was made').waitFor()
    await page.getByRole('button', { name: 'Apply 1 change', exact: true }).waitFor()
    assert.ok(faults.splice(0).every((fault) => fault.includes('409')))
  })

  test('files that cannot be read say why, where, and what to run', { skip }, async () => {
    const origin = { file: '/srv/shop/compose.yaml', line: 23, column: 5 }
    await using window = await open('/stacks/shop?tab=plan', (fixture) =>
      fixture.refuseFiles('services.web: depend_on is not allowed', {
        title: 'The stack cannot be run as it is written',
        errors: [{ message: 'depend_on is not allowed', origin, hint: 'did you mean depends_on?' }],
      }),
    )
    const { fixture, page, faults } = window
    const fault = page.getByRole('alert').getByRole('listitem')
    await fault.getByText('depend_on is not allowed').waitFor()
    assert.match(await fault.innerText(), /compose\.yaml:23[\s\S]*did you mean depends_on/)
    await assertAccessible(page)
    fixture.refuseFiles('/srv/shop/compose.yaml cannot be read by Keelson (EACCES)', {
      title: 'The files of the stack cannot be read from here',
      hint: 'Run: cd /srv/shop && keelson plan',
    })
    await page.getByRole('button', { name: 'Read again' }).click()
    await page.getByText('cannot be read by Keelson (EACCES)').waitFor()
    await page.getByText('cd /srv/shop && keelson plan', { exact: true }).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Apply/ }).count(), 0)
    assert.ok(faults.splice(0).every((one) => one.includes('409')))
  })

  test('the start says what decided its length, in bars, words and a table', { skip }, async () => {
    await using window = await open('/stacks/shop?tab=start')
    const { page } = window
    await page.getByText('9.2 s: db 4.1 s → payments 2.1 s → orders 0.9 s → web 2.1 s').waitFor()
    const web = page.getByRole('button', { name: /^web 1: waited for catalog until 5\.4 s/ })
    assert.equal(await page.locator('.start-lines .start-line').count(), 3)
    await web.focus()
    await page.getByText('web 1: waited for catalog').waitFor()
    assert.equal(await page.locator('.start-lines .start-line').count(), 4)
    await page.getByRole('button', { name: 'Show as a table' }).click()
    const row = page.getByRole('row', { name: /shop-mailer-1/ })
    assert.match(await row.innerText(), /db until 4\.1 s[\s\S]*exit code 1/)
    await assertAccessible(page)
  })

  test('logs of several services are one, narrowed by service and text', { skip }, async () => {
    await using window = await open('/stacks/shop?tab=logs')
    const { fixture, page } = window
    const count = page.locator('.logs-count')
    await count.getByText('1,000 lines').waitFor()
    await isListening(fixture, page, 'logs:shop/db')
    fixture.writeLogs('shop/payments', [logLine(3000)])
    fixture.writeLogs('shop/db', [{ ...logLine(3001, 'shop-db-1'), text: 'checkpoint complete' }])
    await page.locator('.logs-row', { hasText: 'checkpoint complete' }).getByText('db 1').waitFor()
    await count.getByText('1,002 lines').waitFor()
    const chips = page.getByRole('group', { name: 'Services' })
    await chips.getByRole('button', { name: 'db' }).click()
    await page.waitForURL(/logs=db/)
    await count.getByText('1 line', { exact: true }).waitFor()
    await chips.getByRole('button', { name: 'All' }).click()
    // The platform looks for it, also in lines that this page has not read.
    await page.getByLabel('Filter lines by text').fill('7 order accepted')
    await page.waitForURL(/find=/)
    assert.ok(!page.url().includes('logs=db'))
    await page.getByLabel('Filter lines by text').fill('1040 GET')
    await page.locator('.logs-row', { hasText: '1040 GET /api/orders' }).waitFor()
    await count.getByText('1 of 1 line', { exact: true }).waitFor()
  })

  test(
    'a plan that is being applied is shown while it lasts, failures until seen',
    { skip },
    async () => {
      await using window = await open('/stacks/shop')
      const { fixture, page } = window
      await isListening(fixture, page, 'actions')
      fixture.sendAction(actionProgress('n', 'create_network', 'shop_default', 'done'))
      fixture.sendAction(actionProgress('p', 'pull_image', 'postgres:17', 'running', '41 MB', 0.34))
      fixture.sendAction(actionProgress('s', 'start_instance', 'shop-db-1', 'waiting'))
      const applying = page.getByRole('region', { name: 'Applying' })
      await applying.getByText('pull image postgres:17').waitFor()
      assert.equal(
        await applying.getByRole('progressbar', { name: 'pull image' }).getAttribute('value'),
        '0.34',
      )
      await assertAccessible(page)
      fixture.sendAction(actionProgress('p', 'pull_image', 'postgres:17', 'failed', 'no such tag'))
      fixture.sendAction(actionProgress('s', 'start_instance', 'shop-db-1', 'skipped'))
      await applying.getByText('no such tag').waitFor()
      await applying.getByRole('button', { name: 'Put this list away' }).click()
      await applying.waitFor({ state: 'detached' })
    },
  )

  test(
    'every page leads to the stacks, and the overview counts what drifted',
    { skip },
    async () => {
      await using window = await open('/')
      const { page } = window
      await page.getByRole('link', { name: '3 drifted' }).click()
      await page.waitForURL('**/stacks/shop?tab=drift')
      const links = page.getByRole('navigation', { name: 'Keelson' })
      await links.getByRole('link', { name: 'keelson', exact: true }).click()
      await page.waitForURL('**/stacks/keelson')
      await page.getByRole('heading', { name: 'keelson', level: 1 }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Roll back' }).count(), 0)
    },
  )
}
