import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, findSmallTargets } from '../test-fixture/browser.ts'
import { codes } from '../test-fixture/fixture-credentials.ts'
import { linkTokens, password } from '../test-fixture/fixture-people.ts'
import type { Fixture } from '../test-fixture/fixture-server.ts'
import type { Tools } from '../test-fixture/page-tools.ts'
import { openFaultless } from '../test-fixture/faultless-window.ts'
import { openAtLocalhost, withAuthenticator } from '../test-fixture/passkeys.ts'

const passkey = (id: string) => ({
  ...{ id, name: 'Laptop', backedUp: true },
  ...{ createdAt: '2026-11-20T09:00:00.000Z', lastUsedAt: null },
})
const totp = { since: '2026-11-20T09:00:00.000Z' }

/** Second factors, passkeys and providers at the sign-in, against the fixture. */
export const secondStepCases = ({ browser, skip, until }: Tools): void => {
  const open = openFaultless(browser)
  const begun = 'POST /api/v1/session/passkey-challenges'
  const overview = { name: /services are not as they should be/ }

  test('after the password the code is asked for, by keyboard alone', { skip }, async () => {
    await using window = await open(
      '/sign-in',
      ({ people }) => people.credentials.have({ totp, recoveryCodesLeft: 8 }),
      { faults: /422/ },
    )
    const { fixture, page } = window
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor()
    const box = page.getByLabel('Code of the authenticator app')
    assert.equal(await box.getAttribute('autocomplete'), 'one-time-code')
    await assertAccessible(page)
    assert.deepEqual(await findSmallTargets(page), [])
    await page.keyboard.type('000000')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The code is wrong').waitFor()
    await box.fill(codes.totp)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', overview).waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { challenge: 'challenge-1', code: codes.totp })
  })

  test('a recovery code stands in; what took too long begins again', { skip }, async () => {
    await using window = await open(
      '/sign-in',
      ({ people }) => {
        people.credentials.have({ totp, recoveryCodesLeft: 8 })
        people.credentials.endChallenge()
      },
      { faults: /401/ },
    )
    const { page } = window
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(codes.recovery)
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('took too long').first().waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Begin again' }).click()
    await page.getByLabel('Name').waitFor()
  })

  test('a passkey signs in without a name, and ends a sign-in by password', { skip }, async () => {
    await using window = await open('/sign-in')
    const { fixture, page } = window
    const authenticator = await withAuthenticator(page, { isThere: false })
    const id = await authenticator.hold()
    fixture.people.credentials.know(id)
    await openAtLocalhost(window, '/sign-in')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    await until(() => fixture.calls.includes(begun))
    await authenticator.touch()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', overview).waitFor()
    const { challenge, response } = fixture.people.asks.at(-1) as Record<string, { id: string }>
    assert.equal(challenge, 'challenge-2')
    assert.equal(response?.id, id)

    await authenticator.leave()
    fixture.people.credentials.have({ passkeys: [passkey(id)], recoveryCodesLeft: 8 })
    await openAtLocalhost(window, '/sign-in')
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor()
    await authenticator.touch()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByRole('heading', overview).waitFor()
  })

  test('the field of the name offers passkeys, and nobody is named for it', { skip }, async () => {
    await using window = await open('/sign-in')
    const { fixture, page } = window
    const authenticator = await withAuthenticator(page, { isThere: false })
    const id = await authenticator.hold()
    fixture.people.credentials.know(id)
    await openAtLocalhost(window, '/sign-in')
    const box = page.getByLabel('Name')
    assert.equal(await box.getAttribute('autocomplete'), 'username webauthn')
    await until(() => fixture.calls.includes(begun))
    await assertAccessible(page)
    assert.equal(fixture.people.asks.length, 0)
    // What is offered to who is there is chosen at once.
    await authenticator.touch()
    await page.reload()
    await page.getByRole('heading', overview).waitFor()
    const { response } = fixture.people.asks.at(-1) as Record<string, { id: string }>
    assert.equal(response?.id, id)
  })

  test('a passkey of nobody is refused, and is not tried for ever', { skip }, async () => {
    await using window = await open('/sign-in', () => {}, { faults: /422/ })
    const { fixture, page } = window
    const authenticator = await withAuthenticator(page)
    await authenticator.hold()
    await openAtLocalhost(window, '/sign-in')
    await page.getByRole('alert').getByText('The code is wrong').waitFor()
    const tried = () => fixture.calls.filter((one) => one === 'POST /api/v1/session/passkey').length
    await until(() => tried() === 3)
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', overview).waitFor()
    assert.equal(tried(), 3)
  })

  test('a passkey that is not given is no alarm, and is asked for again', { skip }, async () => {
    await using window = await open('/sign-in')
    const { page } = window
    const authenticator = await withAuthenticator(page)
    await authenticator.hold()
    await authenticator.refuse()
    await openAtLocalhost(window, '/sign-in')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('alert').getByText('No passkey was used').waitFor()
    await assertAccessible(page)
    assert.equal(
      await page.getByRole('button', { name: 'Sign in with a passkey' }).isEnabled(),
      true,
    )
  })

  test('at an IP address the way to passkeys is told', { skip }, async () => {
    await using window = await open('/sign-in')
    const { fixture, page } = window
    const link = page.getByRole('link', { name: /^http:\/\/localhost:\d+\/sign-in$/ })
    await link.waitFor()
    assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).count(), 0)
    const { port } = new URL(fixture.url)
    assert.equal(await link.getAttribute('href'), `http://localhost:${port}/sign-in`)
  })

  test('providers are plain links, and their way back is read once', { skip }, async () => {
    await using window = await open('/sign-in#problem=name_taken', ({ people }) =>
      people.credentials.offer([{ id: 'acme', name: 'Acme' }]),
    )
    const { fixture, page } = window
    await page.getByRole('alert').getByText('belongs to another account').waitFor()
    assert.equal(page.url(), `${fixture.url}/sign-in`)
    const link = page.getByRole('link', { name: 'Continue with Acme' })
    assert.equal(await link.getAttribute('href'), '/sign-in/acme')
    await assertAccessible(page)
    assert.deepEqual(await findSmallTargets(page), [])
    await page.goto(`${fixture.url}/`)
    await page.goto(`${fixture.url}/sign-in#challenge=challenge-9`)
    await page.getByLabel('Code of the authenticator app').fill(codes.totp)
    assert.equal(page.url(), `${fixture.url}/sign-in`)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', overview).waitFor()
    assert.deepEqual(fixture.people.asks.at(-1), { challenge: 'challenge-9', code: codes.totp })
  })

  test(
    'a provider leads back to where somebody was, also by a second factor',
    { skip },
    async () => {
      const back = '/sign-in#challenge=challenge-9&to=%2Fservices%3Fstate%3Dunhealthy'
      await using window = await open(back)
      const { fixture, page } = window
      const give = async () => {
        await page.getByLabel('Code of the authenticator app').fill(codes.totp)
        assert.equal(page.url(), `${fixture.url}/sign-in`)
        await page.keyboard.press('Enter')
      }
      await give()
      await page.waitForURL('**/services?state=unhealthy')
      // Anybody can have made such an address.
      await page.goto(`${fixture.url}/sign-in#challenge=challenge-9&to=%2F%2Fother.example`)
      await give()
      await page.getByRole('heading', overview).waitFor()
      assert.equal(page.url(), `${fixture.url}/`)
    },
  )

  test('somebody joins by a passkey instead of a password', { skip }, async () => {
    await using window = await open('/sign-in')
    const { fixture, page } = window
    await withAuthenticator(page)
    await openAtLocalhost(window, `/join#${linkTokens.invitation}`)
    await page.getByLabel('A passkey').check()
    assert.equal(await page.getByLabel('Password', { exact: true }).count(), 0)
    await assertAccessible(page)
    assert.deepEqual(await findSmallTargets(page), [])
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('heading', overview).waitFor()
    const given = fixture.people.asks.at(-1) as { passkey: { challenge: string; name: string } }
    assert.equal(given.passkey.challenge, 'challenge-3')
    assert.equal(given.passkey.name, 'Passkey on Linux')
    assert.equal('password' in given, false)
  })

  test('ASVS 6.4.3: a reset link asks for the second factor', { skip }, async () => {
    await using window = await open(`/reset#${linkTokens.reset}`, ({ people }) =>
      people.credentials.have({ totp, recoveryCodesLeft: 8 }),
    )
    const { page } = window
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('The password is changed.').waitFor()
    await assertAccessible(page)
    await page.getByLabel('Code of the authenticator app').fill(codes.totp)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', overview).waitFor()
  })

  test('the sign-in leads back to where somebody was', { skip }, async () => {
    const offer = ({ people }: Fixture) => people.credentials.offer([{ id: 'acme', name: 'Acme' }])
    await using window = await open('/', offer, { faults: /401/ })
    const { fixture, page } = window
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/sign-in')
    await page.goto(`${fixture.url}/services?state=unhealthy`)
    await page.waitForURL('**/sign-in')
    const provider = page.getByRole('link', { name: 'Continue with Acme' })
    assert.equal(
      await provider.getAttribute('href'),
      '/sign-in/acme?to=%2Fservices%3Fstate%3Dunhealthy',
    )
    // Also under the name that passkeys work at, which is another page to the browser.
    const url = await page.getByRole('link', { name: /localhost/ }).getAttribute('href')
    assert.match(url ?? '', /\/sign-in#to=%2Fservices%3Fstate%3Dunhealthy$/)
    await page.goto(url ?? '')
    await page.getByLabel('Name').fill('ana')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL('http://localhost:*/services?state=unhealthy')
  })
}
