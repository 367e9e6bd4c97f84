// The log store: takes the lines of all containers as syslog, keeps the latest, finds them.
import { addLogStore } from '../../../shared/log-store.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'

const app = createService('logs')
const store = await addLogStore(app, {
  port: Number(process.env.SYSLOG_PORT ?? 5514),
  host: process.env.HOST ?? '127.0.0.1',
})

app.get(
  '/health',
  healthOf(() => {
    store.check()
    return { lines: store.count() }
  }),
)
app.get('/metrics', metricsPage)

app.onStop(() => store.close())
await app.listen(process.env.PORT, process.env.HOST)
