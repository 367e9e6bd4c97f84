// Ships paid orders: the table is the queue, SKIP LOCKED lets any number of workers share it.
import { openDatabase } from '../shared/database.mjs'
import { runService } from '../shared/http-service.mjs'
import { createLog } from '../shared/log.mjs'

const log = createLog('worker')
const database = openDatabase(log, 'worker')

const everyMs = 1000
const batchMax = 10
const packingSeconds = 2
const keptOrders = 1000

let shipped = 0
let round
let running = Promise.resolve()

const ship = async () => {
  const orders = await database.query(
    `update orders set state = 'shipped', changed_at = now()
     where id in (
       select id from orders
       where state = 'paid' and changed_at < now() - make_interval(secs => $1)
       order by id limit $2 for update skip locked
     ) returning id::int as id, product`,
    [packingSeconds, batchMax],
  )
  for (const order of orders) log.info('order shipped', { order: order.id, product: order.product })
  shipped += orders.length
  // The demo may run for weeks: it keeps the newest orders and their charges only.
  if (orders.length > 0) {
    await database.query(
      `with old as (
         delete from orders where state = 'shipped' and id <= (select max(id) from orders) - $1
         returning id
       ) delete from charges using old where order_id = old.id`,
      [keptOrders],
    )
  }
}

const loop = () => {
  running = ship().catch((error) => log.warn('round failed', { reason: error.message }))
  void running.then(() => {
    round = setTimeout(loop, everyMs)
  })
}

await runService({
  log,
  start: async () => loop(),
  stop: async () => {
    await running
    clearTimeout(round)
    await database.close()
  },
  health: async () => {
    await database.check()
    return { shipped }
  },
  routes: {},
})
