// Charges an order once, however often it is asked.
import { openDatabase } from '../shared/database.mjs'
import { Refusal, runService } from '../shared/http-service.mjs'
import { createLog } from '../shared/log.mjs'

const log = createLog('payments')
const database = openDatabase(log, 'payments')

// As with real ones, the first session with the card processor takes its time. It is also what
// gives a person the time to see an outage that is healed in a second.
const handshakeMs = 2000
const connectedAt = Date.now() + handshakeMs

// Lives in memory only: a restart is the cure, and Keelson's to find.
let brokenBecause = null
const refuseWhenBroken = () => {
  if (brokenBecause !== null) throw new Error(brokenBecause)
}

await runService({
  log,
  start: () =>
    database.createSchema(`
      create table if not exists charges (
        order_id bigint primary key,
        amount_cents integer not null,
        charged_at timestamptz not null default now()
      );`),
  stop: () => database.close(),
  health: async () => {
    refuseWhenBroken()
    if (Date.now() < connectedAt) throw new Error('opening a session with the card processor')
    await database.check()
  },
  routes: {
    'POST /charges': async ({ body }) => {
      refuseWhenBroken()
      const { orderId, amountCents } = body
      if (!Number.isSafeInteger(orderId) || !Number.isSafeInteger(amountCents) || amountCents < 1) {
        throw new Refusal(400, 'orderId and amountCents must be whole numbers above zero')
      }
      const [fresh] = await database.query(
        `insert into charges (order_id, amount_cents) values ($1, $2)
         on conflict (order_id) do nothing returning order_id`,
        [orderId, amountCents],
      )
      if (fresh !== undefined) log.info('charged', { order: orderId, amountCents })
      return { orderId, charged: true, repeated: fresh === undefined }
    },
    'POST /break': () => {
      brokenBecause = 'the card processor refuses our certificate (broken on purpose)'
      log.error('broken on purpose', { reason: brokenBecause })
      return { broken: true }
    },
  },
})
