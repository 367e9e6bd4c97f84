// Assets: what there is to operate, how it is reached and with which credentials, and what hangs on what.
import { randomUUID } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { createAccess } from '../../lib/access.mjs'
import { createAudit } from '../../lib/audit.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { findOpenPorts, testConnection } from './reach.mjs'
import { openVault } from './vault.mjs'

const app = createService('assets')
const keys = openKeys(process.env.KEYS_FOLDER ?? '/keys')
const database = openDatabase({
  url: keys.withPassword(process.env.DATABASE_URL),
  name: 'opsconductor/assets',
  log: app.log,
})
const redis = openRedis({ url: process.env.REDIS_URL })
const tracer = createTracer({
  service: 'assets',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const audit = createAudit({ redis, service: 'assets', log: app.log })
const access = createAccess({ identityUrl: process.env.IDENTITY_URL })
const vault = openVault(keys.read('credentials_key'))
const tests = new Counter({
  name: 'opsconductor_connection_tests_total',
  help: 'Connection tests by outcome',
  labelled: true,
})
const inventory = new Gauge({ name: 'opsconductor_assets', help: 'Assets in the inventory' })

await database.createSchema(`
  create schema if not exists assets;
  create table if not exists assets.assets (
    id uuid primary key,
    name text not null unique check (length(name) between 1 and 200),
    kind text not null check (kind in ('tcp', 'http')),
    address text not null,
    port integer not null check (port between 1 and 65535),
    tags text[] not null default '{}',
    credentials bytea,
    tested_at timestamptz,
    reachable boolean,
    detail text,
    made_at timestamptz not null default now()
  );
  create table if not exists assets.relations (
    from_id uuid not null references assets.assets on delete cascade,
    to_id uuid not null references assets.assets on delete cascade,
    kind text not null check (kind in ('depends_on', 'runs_on', 'backs_up')),
    primary key (from_id, to_id),
    check (from_id <> to_id)
  );`)

const columns =
  'id, name, kind, address, port, tags, credentials is not null as has_credentials, tested_at, reachable, detail'

const getAsset = async (id) => {
  const [found] = await database.query(
    `select ${columns}, credentials from assets.assets where id::text = $1 or name = $1`,
    [id],
  )
  if (found === undefined) throw new Refusal(404, `There is no asset ${id}`)
  return found
}

const withoutCredentials = (asset) => ({ ...asset, credentials: undefined })

const addAsset = async ({ name, kind = 'tcp', address, port, tags = [], credentials }) => {
  const isWhole = typeof name === 'string' && typeof address === 'string' && Array.isArray(tags)
  if (!isWhole || !Number.isInteger(port) || !['tcp', 'http'].includes(kind)) {
    throw new Refusal(400, 'An asset has name, kind (tcp or http), address, port and maybe tags')
  }
  const id = randomUUID()
  const sealed = credentials === undefined ? null : vault.seal(id, credentials)
  const [made] = await database.query(
    `insert into assets.assets (id, name, kind, address, port, tags, credentials)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) do nothing returning ${columns}`,
    [id, name, kind, address, port, tags.map(String).slice(0, 20), sealed],
  )
  if (made === undefined) throw new Refusal(409, `There is an asset ${name} already`)
  return made
}

app.get(
  '/health',
  healthOf(() => Promise.all([database.check(), redis.check()]).then(() => {})),
)
app.get('/metrics', async () => {
  const [{ count }] = await database.query('select count(*)::int as count from assets.assets')
  inventory.set(count)
  return metricsPage()
})

app.get(
  '/assets',
  access.allow('assets:read', async ({ query }) => {
    const tag = query.get('tag')
    const assets = await database.query(
      `select ${columns} from assets.assets where $1::text is null or $1 = any(tags)
     order by name limit 1000`,
      [tag],
    )
    return { assets }
  }),
)
app.post(
  '/assets',
  access.allow('assets:write', async ({ body, actor }) => {
    const asset = await addAsset(body)
    await audit(actor.sub, 'asset.created', { id: asset.id, name: asset.name })
    return json(201, asset)
  }),
)
app.get(
  '/assets/:id',
  access.allow('assets:read', async ({ params: [id] }) => withoutCredentials(await getAsset(id))),
)
app.delete(
  '/assets/:id',
  access.allow('assets:write', async ({ params: [id], actor }) => {
    const asset = await getAsset(id)
    await database.query('delete from assets.assets where id = $1', [asset.id])
    await audit(actor.sub, 'asset.deleted', { id: asset.id, name: asset.name })
    return { deleted: true }
  }),
)

const test = async ({ params: [id], actor }) => {
  const asset = await getAsset(id)
  const credentials =
    asset.credentials === null ? undefined : vault.open(asset.id, asset.credentials)
  const outcome = await tracer.span('connect', () => testConnection(asset, credentials))
  tests.inc({ outcome: outcome.reachable ? 'reachable' : 'unreachable' })
  await database.query(
    'update assets.assets set tested_at = now(), reachable = $2, detail = $3 where id = $1',
    [asset.id, outcome.reachable, outcome.detail],
  )
  await audit(actor.sub, 'asset.tested', { id: asset.id, reachable: outcome.reachable })
  return { asset: asset.name, ...outcome }
}
app.post('/assets/:id/test', tracer.traced('test asset', access.allow('assets:test', test)))

app.post(
  '/discover',
  access.allow('assets:write', async ({ body, actor }) => {
    const { address, from, to } = body
    const isRange =
      Number.isInteger(from) && Number.isInteger(to) && from >= 1 && to <= 65_535 && from <= to
    if (typeof address !== 'string' || !isRange) {
      throw new Refusal(400, 'Name address and the ports from and to')
    }
    const open = await findOpenPorts(address, from, to)
    const found = open.map((port) => ({
      name: `${address}:${port}`,
      address,
      port,
      tags: ['discovered'],
    }))
    const added = []
    for (const one of found) {
      const [known] = await database.query(
        'select id from assets.assets where address = $1 and port = $2',
        [address, one.port],
      )
      if (known === undefined) added.push(await addAsset(one))
    }
    await audit(actor.sub, 'assets.discovered', { address, open: open.length, added: added.length })
    return { open, added }
  }),
)

app.put(
  '/assets/:id/relations/:other',
  access.allow('assets:write', async ({ params, body, actor }) => {
    const [from, to] = await Promise.all(params.map(getAsset))
    if (!['depends_on', 'runs_on', 'backs_up'].includes(body.kind)) {
      throw new Refusal(400, 'kind is depends_on, runs_on or backs_up')
    }
    await database.query(
      `insert into assets.relations (from_id, to_id, kind) values ($1, $2, $3)
     on conflict (from_id, to_id) do update set kind = excluded.kind`,
      [from.id, to.id, body.kind],
    )
    await audit(actor.sub, 'asset.related', { from: from.id, to: to.id, kind: body.kind })
    return { from: from.name, to: to.name, kind: body.kind }
  }),
)
/** Everything that suffers when this asset is down, nearest first. */
app.get(
  '/assets/:id/impact',
  access.allow('assets:read', async ({ params: [id] }) => {
    const asset = await getAsset(id)
    const affected = await database.query(
      `with recursive affected (id, distance) as (
       select from_id, 1 from assets.relations where to_id = $1 and kind <> 'backs_up'
       union
       select r.from_id, a.distance + 1 from assets.relations r
       join affected a on r.to_id = a.id where r.kind <> 'backs_up' and a.distance < 20
     )
     select name, min(distance) as distance from affected join assets.assets using (id)
     where id <> $1 group by name order by distance, name`,
      [asset.id],
    )
    return { asset: asset.name, affected }
  }),
)

app.onStop(() => tracer.close())
app.onStop(() => redis.close())
app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
