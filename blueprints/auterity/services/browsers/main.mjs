// A pool of browsers: opens pages in a real Chromium, so many at once and no more.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const pages = new Counter({
  name: 'browsers_pages_total',
  help: 'Pages that were opened, by result',
  labelled: true,
})
const busyGauge = new Gauge({ name: 'browsers_busy', help: 'Browsers that are at work' })
const chromium = process.env.CHROMIUM ?? 'chromium'
const browsersMax = Number(process.env.BROWSERS_MAX ?? 2)
const waitingMax = 20
const pageMs = 20_000
const pageLimitBytes = 5 * 1024 * 1024
const telemetry = openTelemetry('browsers', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('browsers', telemetry)

const run = (args, timeoutMs) =>
  new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: pageLimitBytes }
    execFile(chromium, args, options, (error, stdout) => {
      if (error) reject(new Error(error.killed ? `no page within ${timeoutMs} ms` : error.message))
      else resolve(stdout)
    })
  })

let busy = 0
const waiting = []
const free = () => {
  const next = waiting.shift()
  if (next === undefined) busy -= 1
  else next()
  busyGauge.set(busy)
}
/** A browser of the pool; whoever gets one calls `free`. */
const takeBrowser = async () => {
  if (busy < browsersMax) busy += 1
  else if (waiting.length >= waitingMax) throw new Refusal(503, `${waitingMax} pages wait already`)
  else await new Promise((resolve) => waiting.push(resolve))
  busyGauge.set(busy)
}

const plain = (html) =>
  html
    .replaceAll(/<(script|style|noscript)\b[^>]*>.*?<\/\1>/gis, ' ')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()

/** Each page has a profile of its own, which goes with it. */
const open = async ({ url }) => {
  if (!URL.canParse(url ?? '') || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Refusal(400, 'url: an address of http or https')
  }
  await takeBrowser()
  const profile = await mkdtemp(join(tmpdir(), 'auterity-browser-'))
  try {
    const quiet = ['--headless=new', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
    // The service is the sandbox: a user without rights, a memory limit, a profile for one page.
    const args = [...quiet, '--no-sandbox', `--user-data-dir=${profile}`, '--dump-dom', url]
    const html = await run(args, pageMs)
    pages.inc({ result: 'opened' })
    const title = plain(/<title[^>]*>(.*?)<\/title>/is.exec(html)?.[1] ?? '')
    return { url, title, text: plain(html).slice(0, 20_000) }
  } catch (error) {
    pages.inc({ result: 'failed' })
    throw new Refusal(502, `${url}: ${error.message}`)
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    free()
  }
}

const version = (await run(['--version'], pageMs)).trim()
busyGauge.set(0)
app.get(
  '/health',
  healthOf(() => ({ version, busy, waiting: waiting.length })),
)
app.get('/metrics', metricsPage)
app.post('/pages', ({ body }) => open(body))
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
