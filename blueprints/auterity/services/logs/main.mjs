// The log store: takes OTLP/JSON, finds lines by service, level and words. The newest are kept, in memory.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'

const taken = new Counter({
  name: 'logs_lines_total',
  help: 'Lines that were taken, by service and level',
  labelled: true,
})
const linesMax = 20_000
const lineLimitChars = 4000
const foundMax = 500
const app = createService('logs')
let lines = []

const textOf = (value) => String(value?.stringValue ?? value?.intValue ?? value?.boolValue ?? '')

const keep = (service, record) => {
  const level = String(record.severityText ?? 'INFO').toLowerCase()
  const fields = (record.attributes ?? []).map(({ key, value }) => `${key}=${textOf(value)}`)
  const text = [textOf(record.body), ...fields].join(' ').slice(0, lineLimitChars)
  const at = new Date(Number(BigInt(record.timeUnixNano ?? 0) / 1_000_000n)).toISOString()
  lines.push({ at, service, level, text, traceId: record.traceId })
  taken.inc({ service, level })
}

const take = ({ body }) => {
  for (const { resource, scopeLogs = [] } of body.resourceLogs ?? []) {
    const named = resource?.attributes?.find(({ key }) => key === 'service.name')
    const service = named?.value?.stringValue ?? 'unknown'
    for (const record of scopeLogs.flatMap(({ logRecords = [] }) => logRecords))
      keep(service, record)
  }
  if (lines.length > linesMax * 1.1) lines = lines.slice(-linesMax)
  return { partialSuccess: {} }
}

const search = ({ query }) => {
  const wanted = Number(query.get('limit') ?? 100)
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > foundMax) {
    throw new Refusal(400, `limit: 1 to ${foundMax}`)
  }
  const [service, level, words, traceId] = ['service', 'level', 'q', 'trace'].map((key) =>
    query.get(key),
  )
  const found = lines.filter(
    (line) =>
      (service === null || line.service === service) &&
      (level === null || line.level === level) &&
      (traceId === null || line.traceId === traceId) &&
      (words === null || line.text.toLowerCase().includes(words.toLowerCase())),
  )
  return { lines: found.slice(-wanted).toReversed() }
}

app.get(
  '/health',
  healthOf(() => ({ lines: lines.length })),
)
app.get('/metrics', metricsPage)
app.post('/v1/logs', take)
app.get('/logs', search)
await app.listen(process.env.PORT, process.env.HOST)
