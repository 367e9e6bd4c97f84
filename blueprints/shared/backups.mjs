// Backups on a clock into one folder: one at a time, the oldest deleted.
import { mkdirSync } from 'node:fs'
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { json } from './service.mjs'

/**
 * Adds `GET /backups` and `POST /backups` to a service, and backs up on a clock.
 * @param {ReturnType<import('./service.mjs').createService>} app
 * @param {object} options
 * @param {string} options.folder
 * @param {string} options.name what the name of each file begins with
 * @param {number} options.everyMs
 * @param {number} options.keepMax files that are kept
 * @param {(path: string) => Promise<object>} options.make writes one and reads it back; gives what is told of it
 * @param {import('./metrics.mjs').Counter} options.backups counts them by outcome
 * @param {import('./metrics.mjs').Gauge} options.lastGood the time of the last good one
 */
export const addBackups = (app, options) => {
  const { folder, name: prefix, everyMs, keepMax, make, backups, lastGood } = options
  const fileName = new RegExp(`^${prefix}-[\\dTZ.-]+\\.jsonl\\.gz$`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })

  const list = async () => {
    const names = (await readdir(folder)).filter((name) => fileName.test(name)).toSorted()
    return Promise.all(
      names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })),
    )
  }

  let running
  let fault
  const back = async () => {
    const name = `${prefix}-${new Date().toISOString().replaceAll(':', '-')}.jsonl.gz`
    try {
      const made = await make(join(folder, name))
      for (const old of (await list()).slice(0, -keepMax)) await unlink(join(folder, old.name))
      backups.inc({ outcome: 'ok' })
      lastGood.set(Date.now() / 1000)
      fault = undefined
      app.log.info('backed up', { name, ...made })
      return { name, ...made }
    } catch (error) {
      backups.inc({ outcome: 'failed' })
      fault = error.message
      app.log.error('backup failed', { name, reason: error.message })
      throw error
    } finally {
      running = undefined
    }
  }
  /** One at a time: who asks meanwhile gets the one that runs. */
  const backUp = () => (running ??= back())

  app.get('/backups', list)
  app.post('/backups', async () => json(201, await backUp()))
  const clock = setInterval(() => void backUp().catch(() => {}), everyMs)
  app.onStop(() => clearInterval(clock))
  app.onStop(() => running?.catch(() => {}))

  return {
    backUp,
    check: () => {
      if (fault !== undefined) throw new Error(`the last backup failed: ${fault}`)
    },
  }
}
