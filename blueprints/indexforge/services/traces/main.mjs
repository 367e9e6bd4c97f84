// The trace store: takes spans as OTLP over HTTP, and finds them again.
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { addTraceStore } from '../../../shared/trace-store.mjs'

const app = createService('traces')
const store = addTraceStore(app, { spansMax: Number(process.env.SPANS_MAX ?? 20_000) })

app.get(
  '/health',
  healthOf(() => ({ spans: store.count() })),
)
app.get('/metrics', metricsPage)
await app.listen(process.env.PORT, process.env.HOST)
