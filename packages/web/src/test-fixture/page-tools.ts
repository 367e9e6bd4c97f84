import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { findChromium, launchBrowser } from './browser.ts'
import type { Fixture } from './fixture-server.ts'

/** What the cases of all pages are given. */
export type Tools = {
  browser: () => Browser
  /** Why they cannot run here. */
  skip: string | false
  until: typeof until
  isListening: typeof isListening
}

const web = join(import.meta.dirname, '../..')

/** For a test file: the built page, and a browser for all of its cases. */
export const usePages = (): Tools => {
  const executable = findChromium()
  let browser: Browser | undefined
  before(async () => {
    if (executable === undefined) return
    await buildPage()
    browser = await launchBrowser(executable)
  })
  after(() => browser?.close())
  return {
    browser: () => {
      if (browser === undefined) throw new Error('The browser is not started')
      return browser
    },
    skip:
      executable === undefined ? 'no Chromium on this machine; install it to test pages' : false,
    until,
    isListening,
  }
}

/** Polls until the condition holds; the assertion after it says what was there instead. */
const until = async (
  condition: () => Promise<boolean> | boolean,
  deadlineMs = 15_000,
): Promise<void> => {
  const deadline = Date.now() + deadlineMs
  while (!(await condition()) && Date.now() < deadline) await sleep(25)
}

/** The page listens: what the fixture says from now on arrives. */
const isListening = async (fixture: Fixture, page: Page, topic = 'services'): Promise<void> => {
  await until(() => fixture.openTopics().includes(topic))
  await page.locator('[data-live=live]').waitFor()
}

/** Longer than any build takes: who holds the lock for longer has died. */
const lockLifeMs = 3 * 60_000

/** Builds the page unless the build is newer than every source; test files take turns. */
const buildPage = async (): Promise<void> => {
  const name = createHash('sha256').update(web).digest('hex').slice(0, 16)
  const lock = join(tmpdir(), `keelson-page-build-${name}`)
  while (!take(lock)) await sleep(100)
  try {
    if (isStale()) {
      const vite = join(web, '../../node_modules/vite/bin/vite.js')
      execFileSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: web })
    }
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

const take = (lock: string): boolean => {
  const takenAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
  if (takenAt !== undefined && Date.now() - takenAt > lockLifeMs) {
    rmSync(lock, { recursive: true, force: true })
  }
  try {
    mkdirSync(lock)
    return true
  } catch {
    return false
  }
}

const isStale = (): boolean => {
  const built = join(web, 'dist/index.html')
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0
  return readdirSync(join(web, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/(?:\.test|-cases)\.ts$/.test(entry.name))
    .filter((entry) => !entry.parentPath.includes('test-fixture'))
    .some((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs > builtAt)
}
