// Keeps documents with their vectors, and finds those that are nearest to a question.
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { withPassword } from '../../lib/secret-file.mjs'
import { ask, openTelemetry } from '../../lib/telemetry.mjs'

const searches = new Counter({ name: 'vectors_searches_total', help: 'Questions that were asked' })
const documentsMax = 20_000
const foundMax = 50
const embeddings = process.env.EMBEDDINGS_URL
const telemetry = openTelemetry('vectors', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('vectors', telemetry)
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/vectors', log: app.log })

const vectorOf = async (text) => {
  const { vector } = await ask('embeddings', `${embeddings}/embed`, {
    method: 'POST',
    body: { text },
  })
  return vector
}

const put = async (id, { text }) => {
  if (!/^[\w.-]{1,100}$/.test(id)) throw new Refusal(400, 'id: 1 to 100 letters, digits, . _ -')
  const vector = await vectorOf(text)
  const [kept] = await database.query(
    `insert into documents (id, text, vector)
     select $1, $2, $3 where (select count(*) from documents) < $4
     on conflict (id) do update set text = $2, vector = $3 returning id`,
    [id, text, vector, documentsMax],
  )
  if (kept === undefined) throw new Refusal(507, `There are ${documentsMax} documents already`)
  return kept
}

/** All vectors have length 1: the cosine is the sum of the products. */
const search = async (question, count) => {
  const found = await database.query(
    `select id, text, round((select sum(a * b) from unnest(vector, $1::real[]) as pair(a, b))::numeric, 4)::float
       as nearness
     from documents order by nearness desc limit $2`,
    [await vectorOf(question), count],
  )
  searches.inc()
  return { found }
}

app.get('/health', healthOf(database.check))
app.get('/metrics', metricsPage)
app.put('/documents/:id', ({ params: [id], body }) => put(id, body))
app.get('/search', ({ query }) => {
  const count = Number(query.get('k') ?? 5)
  if (!Number.isInteger(count) || count < 1 || count > foundMax) {
    throw new Refusal(400, `k: 1 to ${foundMax}`)
  }
  return search(query.get('q') ?? '', count)
})
app.onStop(database.close)
app.onStop(telemetry.close)

await database.createSchema(
  'create table if not exists documents (id text primary key, text text not null, vector real[] not null)',
)
await app.listen(process.env.PORT, process.env.HOST)
