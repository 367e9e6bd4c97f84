import assert from 'node:assert/strict'
import type { Browser } from 'playwright-core'
import { openWindow, type Theme } from './browser.ts'
import { startFixture, type Fixture } from './fixture-server.ts'

type Options = {
  width?: number
  theme?: Theme
  /** What the browser may complain about: a refusal that the case asks for. */
  faults?: RegExp
}

/**
 * Opens windows, each with a fixture of its own, that end without a fault but for those that are awaited.
 * All is closed before that is looked at: a server left open would keep the test file from ending.
 */
export const openFaultless =
  (browser: () => Browser) =>
  async (
    path: string,
    prepare: (fixture: Fixture) => void = () => {},
    { faults = /^$/, ...options }: Options = {},
  ) => {
    const fixture = await startFixture()
    prepare(fixture)
    const window = await openWindow(browser(), fixture, { path, ...options })
    return {
      ...{ fixture, page: window.page, faults: window.faults },
      [Symbol.asyncDispose]: async () => {
        await window[Symbol.asyncDispose]()
        await fixture[Symbol.asyncDispose]()
        assert.deepEqual(
          window.faults.filter((fault) => !faults.test(fault)),
          [],
        )
      },
    }
  }
