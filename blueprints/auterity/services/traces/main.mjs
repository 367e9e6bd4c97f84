// The trace store: takes OTLP/JSON, finds traces by service and length. The newest are kept, in memory.
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { addTraceStore } from '../../../shared/trace-store.mjs'

const app = createService('traces')
const store = addTraceStore(app, { spansMax: 50_000 })

app.get(
  '/health',
  healthOf(() => ({ spans: store.count() })),
)
app.get('/metrics', metricsPage)
await app.listen(process.env.PORT, process.env.HOST)
