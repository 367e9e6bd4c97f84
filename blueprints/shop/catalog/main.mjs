// What there is to buy, and for how much.
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../shared/database.mjs'
import { json, Refusal, runService } from '../shared/http-service.mjs'
import { createLog } from '../shared/log.mjs'

const log = createLog('catalog')
const database = openDatabase(log, 'catalog')

const slowDelayMs = 700
const slowForMs = 60_000
let slowUntil = 0
const isSlow = () => Date.now() < slowUntil
const slowDown = async () => {
  if (isSlow()) await sleep(slowDelayMs)
}

const schema = `
  create table if not exists products (
    id integer primary key,
    name text not null,
    note text not null,
    price_cents integer not null
  );
  insert into products (id, name, note, price_cents) values
    (1, 'Brass compass', 'Points north, mostly', 4900),
    (2, 'Storm lantern', 'Burns through the night', 3450),
    (3, 'Hemp rope', 'Thirty metres, three strands', 1890),
    (4, 'Signal flags', 'All twenty-six letters', 5600),
    (5, 'Sextant', 'For when the network is down', 12900),
    (6, 'Ship biscuit', 'Keeps for years', 350)
  on conflict (id) do nothing;`

/** Prices change seldom: a cache may answer for a while, and ask again behind the visitor's back. */
const cacheControl = 'public, max-age=5, stale-while-revalidate=30'

const columns = 'id, name, note, price_cents as "priceCents"'

await runService({
  log,
  start: () => database.createSchema(schema),
  stop: () => database.close(),
  health: async () => {
    await database.check()
    return isSlow() ? { note: `slow on purpose: every answer takes ${slowDelayMs} ms longer` } : {}
  },
  routes: {
    'GET /products': async () => {
      await slowDown()
      const products = await database.query(`select ${columns} from products order by id`)
      return json(200, { slow: isSlow(), products }, cacheControl)
    },
    'GET /products/:id': async ({ params }) => {
      await slowDown()
      const id = Number(params[0])
      const [product] = Number.isInteger(id)
        ? await database.query(`select ${columns} from products where id = $1`, [id])
        : []
      if (product === undefined) throw new Refusal(404, `There is no product ${params[0]}`)
      return json(200, product, cacheControl)
    },
    'POST /break': ({ body }) => {
      slowUntil = body.slow === false ? 0 : Date.now() + slowForMs
      log.warn(isSlow() ? 'slow on purpose' : 'fast again', { forMs: isSlow() ? slowForMs : 0 })
      return { slow: isSlow() }
    },
  },
})
