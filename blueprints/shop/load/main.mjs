// Visits the shop through the gateway, as customers would: steady, bounded, and easy to stop.
import { requestJson } from '../shared/http-client.mjs'
import { runService } from '../shared/http-service.mjs'
import { createLog } from '../shared/log.mjs'

const log = createLog('load')
const gateway = process.env.KEELSON_GATEWAY_URL?.replace(/\/$/, '')
if (!gateway) throw new Error('KEELSON_GATEWAY_URL is not set')
const requestsPerSecond = Math.min(
  Math.max(Number(process.env.SHOP_REQUESTS_PER_SECOND) || 6, 1),
  50,
)

const inFlightMax = 8
const summaryEveryMs = 10_000
// While the shop asks for quiet, only this often, to hear when it wants visitors again.
const askEveryMs = 2000

let inFlight = 0
let quiet = false
let lastVisitAt = 0
const counts = { requests: 0, errors: 0, limited: 0, skipped: 0 }

const visits = [
  { share: 0.5, path: '/shop/api/products' },
  { share: 0.7, path: '/shop/api/orders' },
  { share: 0.8, path: '/catalog' },
  // A little more often than its key allows.
  { share: 0.9, path: '/partner/orders?limit=5', headers: { apikey: process.env.PARTNER_KEY } },
  { share: 1, path: '/shop/api/orders', method: 'POST' },
]

/** Only the shop's page knows whether visitors are wanted; other answers do not tell. */
const listen = (said) => {
  if (said === undefined) return
  if (quiet !== (said === 'off')) log.info(quiet ? 'visiting again' : 'quiet, as the shop asks')
  quiet = said === 'off'
}

const visit = async () => {
  const dice = Math.random()
  const { path, method, headers } = visits.find(({ share }) => dice < share) ?? visits[0]
  inFlight += 1
  try {
    const answer = await requestJson(gateway + (quiet ? visits[0].path : path), {
      ...(method === undefined || quiet
        ? {}
        : { method, body: { productId: 1 + Math.floor(Math.random() * 6) } }),
      headers: quiet ? {} : headers,
      timeoutMs: 5000,
    })
    counts.requests += 1
    if (answer.status >= 500) counts.errors += 1
    if (answer.status === 429) counts.limited += 1
    listen(answer.headers['x-shop-load'])
  } catch {
    counts.requests += 1
    counts.errors += 1
  } finally {
    inFlight -= 1
  }
}

const tick = () => {
  if (quiet && Date.now() - lastVisitAt < askEveryMs) return
  // A slow shop gets fewer visitors, not a growing queue of them.
  if (inFlight >= inFlightMax) {
    counts.skipped += 1
    return
  }
  lastVisitAt = Date.now()
  void visit()
}

const summarise = () => {
  if (counts.requests > 0) log.info('visited', { ...counts, seconds: summaryEveryMs / 1000 })
  counts.requests = counts.errors = counts.limited = counts.skipped = 0
}

let timers = []
await runService({
  log,
  start: async () => {
    timers = [setInterval(tick, 1000 / requestsPerSecond), setInterval(summarise, summaryEveryMs)]
  },
  stop: async () => timers.forEach(clearInterval),
  health: () => ({ quiet, inFlight }),
  routes: {},
})
