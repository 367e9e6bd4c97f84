// Takes orders and has them paid. Two instances share one table.
import { openDatabase } from '../shared/database.mjs'
import { addressOf, requestJson } from '../shared/http-client.mjs'
import { Refusal, runService } from '../shared/http-service.mjs'
import { createLog } from '../shared/log.mjs'

const log = createLog('orders')
const database = openDatabase(log, 'orders')
const catalog = addressOf('catalog')
const payments = addressOf('payments')

const retryEveryMs = 1000
const retryBatchMax = 20
const listMax = 50

const schema = `
  create table if not exists orders (
    id bigint generated always as identity primary key,
    product_id integer not null,
    product text not null,
    price_cents integer not null,
    state text not null default 'unpaid' check (state in ('unpaid', 'paid', 'shipped')),
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
  );
  create index if not exists orders_open on orders (state, id) where state <> 'shipped';`

const columns = `id::int as id, product, price_cents as "priceCents", state,
  created_at as "createdAt", changed_at as "changedAt"`

/** Paid is said only once payments has said so; an order that is not paid now is paid later. */
const pay = async (order) => {
  const { status, body } = await requestJson(`${payments}/charges`, {
    method: 'POST',
    body: { orderId: order.id, amountCents: order.priceCents },
    timeoutMs: 2000,
  })
  if (status !== 200) throw new Error(body?.error ?? `payments answered ${status}`)
  await database.query(
    `update orders set state = 'paid', changed_at = now() where id = $1 and state = 'unpaid'`,
    [order.id],
  )
  log.info('order paid', { order: order.id })
}

const place = async (productId) => {
  if (!Number.isSafeInteger(productId)) throw new Refusal(400, 'productId must be a whole number')
  const { status, body: product } = await requestJson(`${catalog}/products/${productId}`)
  if (status === 404) throw new Refusal(404, product.error)
  if (status !== 200) throw new Refusal(503, `catalog answered ${status}`)
  const [order] = await database.query(
    `insert into orders (product_id, product, price_cents) values ($1, $2, $3) returning ${columns}`,
    [product.id, product.name, product.priceCents],
  )
  log.info('order placed', { order: order.id, product: product.name })
  try {
    await pay(order)
    return { ...order, state: 'paid' }
  } catch (error) {
    log.warn('order kept unpaid', { order: order.id, reason: error.message })
    return { ...order, note: 'Payments is not available; the order is kept and paid later.' }
  }
}

// Each instance takes unpaid orders of the last minutes that the other one has not locked. Charging
// twice is impossible: payments knows the order by its id.
let retry
const payKeptOrders = async () => {
  try {
    await database.transaction(async (client) => {
      const { rows } = await client.query(
        `select ${columns} from orders where state = 'unpaid' and changed_at < now() - interval '3 seconds'
         order by id limit ${retryBatchMax} for update skip locked`,
      )
      for (const order of rows) {
        const { status } = await requestJson(`${payments}/charges`, {
          method: 'POST',
          body: { orderId: order.id, amountCents: order.priceCents },
          timeoutMs: 1000,
        })
        // The first refusal ends the round: payments is still away, and the others would wait too.
        if (status !== 200) return
        await client.query(`update orders set state = 'paid', changed_at = now() where id = $1`, [
          order.id,
        ])
        log.info('kept order paid', { order: order.id })
      }
    })
  } catch (error) {
    log.warn('kept orders wait', { reason: error.message })
  }
  retry = setTimeout(() => void payKeptOrders(), retryEveryMs)
}

/** Null when payments is well, else what it says about itself. */
const paymentsTrouble = async () => {
  try {
    const { status, body } = await requestJson(`${payments}/health`, { timeoutMs: 800 })
    return status === 200 ? null : (body?.reason ?? body?.detail ?? `payments answered ${status}`)
  } catch (error) {
    return `payments does not answer (${error.code ?? error.name})`
  }
}

const relay =
  (address) =>
  async ({ body }) => {
    const answer = await requestJson(`${address}/break`, { method: 'POST', body })
    if (answer.status !== 200) throw new Refusal(502, `${address} answered ${answer.status}`)
    return answer.body
  }

await runService({
  log,
  start: async () => {
    await database.createSchema(schema)
    retry = setTimeout(() => void payKeptOrders(), retryEveryMs)
  },
  stop: async () => {
    clearTimeout(retry)
    await database.close()
  },
  health: () => database.check(),
  routes: {
    'POST /orders': ({ body }) => place(body.productId),
    'GET /orders': async ({ query }) => {
      const mine = (query.get('mine') ?? '').split(',').map(Number).filter(Number.isSafeInteger)
      const orders = await database.query(
        `(select ${columns} from orders order by id desc limit $1)
         union (select ${columns} from orders where id = any($2::bigint[])) order by id desc`,
        [Math.min(Number(query.get('limit')) || 10, listMax), mine.slice(0, listMax)],
      )
      return { orders, paymentsTrouble: await paymentsTrouble() }
    },
    'POST /break/payments': relay(payments),
    'POST /break/orders': () => {
      log.error('crashing on purpose', { pid: process.pid })
      // After the answer is on its way, so that it is clear who died of what.
      setTimeout(() => process.exit(1), 50)
      return { crashing: process.pid }
    },
  },
})
