import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { credentialLooksCases } from './account/credential-looks-cases.ts'
import { assertFits } from './test-fixture/assert-fits.ts'
import { openWindow } from './test-fixture/browser.ts'
import { linkTokens } from './test-fixture/fixture-people.ts'
import { startFixture, type Fixture } from './test-fixture/fixture-server.ts'
import { usePages } from './test-fixture/page-tools.ts'

/** How every page looks: in a real browser, against an API that answers the same every time. */

const tools = usePages()
const { browser, skip } = tools

const routes: [string, string][] = [
  ['/', 'Wrong now'],
  ['/services', 'payments'],
  ['/services?view=map', 'Affected by payments'],
  ['/services/shop/payments', 'Health of the last 24 hours'],
  ['/services/shop/payments?tab=logs', 'order accepted'],
  ['/services/shop/web?tab=environment', 'LOG_LEVEL'],
  ['/services/shop/web?tab=why', 'root of it'],
  ['/services/shop/payments?tab=timeline', 'shop-payments-1 ended'],
  ['/stacks/shop', 'scaled to 1'],
  ['/stacks/shop?service=db', 'File beside running state'],
  ['/stacks/shop?tab=plan', 'Apply 3 changes'],
  ['/stacks/shop?tab=drift', 'Compose file changed'],
  ['/stacks/shop?tab=updates', '1 of 3 updated'],
  ['/stacks/shop?tab=start', 'critical path'],
  ['/stacks/shop?tab=logs', 'order accepted'],
  ['/stacks/keelson?tab=start', 'No start was seen yet'],
  ['/gateway', 'orders-v2'],
  ['/gateway?route=file:shop+r-orders-v2', 'Pattern priority'],
  ['/gateway/upstreams', 'Panic'],
  ['/gateway/consumers', 'mobile-app'],
  ['/gateway/cache', 'answered from the cache'],
  ['/gateway/certificates', 'api.example'],
  ['/gateway/configuration', 'Apply a Kong file'],
  ['/gaps/shop', 'Fix now'],
  ['/access/users', 'Ana Lindqvist'],
  ['/access/teams', 'Everything that moves money'],
  ['/access/roles', 'restarter'],
  ['/access/grants?who=leo&can=services:restart&on=service:shop/payments', 'is denied'],
  ['/access/service-accounts', 'Applies the shop'],
  ['/access/service-accounts/deploy-bot', 'nightly report'],
  ['/access/tokens', 'laptop'],
  ['/access/sign-in', 'Example Corp'],
  ['/access/emergency', 'Everybody is told'],
  ['/audit', 'deploy-bot'],
  ['/account', 'Your name, as others see it'],
  ['/account/security', 'Where you are signed in'],
  ['/account/tokens', 'No API token'],
  ['/device', 'The code that it shows'],
  ['/sign-in', 'I have forgotten my password'],
  [`/set-up#${linkTokens.setup}`, 'You become the administrator'],
  [`/join#${linkTokens.invitation}`, 'Choose what you will sign in with'],
  ['/system', 'Docker Engine'],
  ['/reference', 'Stop and remove a stack'],
  ['/nowhere', 'There is nothing at this address'],
]

/**
 * Nothing is changed on them, so one window shows them all: what the browser has loaded and compiled for
 * one is there for the next. Each is loaded once: only colours depend on the theme, and all else on the width.
 */
let looked: Promise<Look> | undefined
type Look = { fixture: Fixture; window: Awaited<ReturnType<typeof openWindow>> }

const look = async (): Promise<Look> => {
  const fixture = await startFixture()
  return { fixture, window: await openWindow(browser(), fixture) }
}

// The window goes with the browser.
after(async () => (await looked)?.fixture[Symbol.asyncDispose]())

for (const [path, text] of routes) {
  test(
    `${path} is accessible in both themes, fits 320 px, under a strict policy`,
    { skip },
    async () => {
      looked ??= look()
      const { page, faults, open } = (await looked).window
      faults.length = 0
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.emulateMedia({ colorScheme: 'light' })
      await open(path, text)
      await assertFits(page)
      assert.deepEqual(faults, [])
    },
  )
}

credentialLooksCases(tools)
