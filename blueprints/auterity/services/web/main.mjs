// The page: how the services are, and what became of the newest runs.
import { readFileSync } from 'node:fs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, raw } from '../../../shared/service.mjs'
import { ask, openTelemetry } from '../../lib/telemetry.mjs'

const shown = new Counter({ name: 'web_pages_total', help: 'Pages that were shown' })
const backend = process.env.BACKEND_URL
const status = process.env.STATUS_URL
const telemetry = openTelemetry('web', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('web', telemetry)
const style = readFileSync(new URL('page.css', import.meta.url), 'utf8')

const escaped = (value) =>
  String(value ?? '').replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

const categoryOf = ([category, services]) => {
  const rows = services.map(
    ({ name, healthy, reason, latencyMs }) =>
      `<li class="${healthy ? 'good' : 'bad'}"><b>${escaped(name)}</b> ${escaped(
        healthy ? `${latencyMs} ms` : reason,
      )}</li>`,
  )
  return `<section><h2>${escaped(category)}</h2><ul>${rows.join('')}</ul></section>`
}

const runOf = ({ workflow, state, cause, createdAt, error }) =>
  `<tr><td>${escaped(workflow)}</td><td>${escaped(state)}</td><td>${escaped(cause)}</td>
  <td>${escaped(createdAt)}</td><td>${escaped(error)}</td></tr>`

const page = async () => {
  const [services, { runs }] = await Promise.all([
    ask('status', `${status}/status`),
    ask('backend', `${backend}/runs`),
  ])
  shown.inc()
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Auterity</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style>
<h1>Auterity</h1><p>${services.healthy} of ${services.total} services are healthy</p>
<main>${Object.entries(services.categories).map(categoryOf).join('')}</main>
<h2>Newest runs</h2><table><tr><th>Workflow<th>State<th>Cause<th>Started<th>Error</tr>
${runs.map(runOf).join('')}</table></html>`
  return raw(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body)
}

app.get(
  '/health',
  healthOf(() => {}),
)
app.get('/metrics', metricsPage)
app.get('/', page)
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
