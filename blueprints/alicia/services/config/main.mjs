// Config manager: versions, validation by each service's own settings, hot reload, rollback, templates.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { openFileStore } from '../../shared/file-store.mjs'
import { templates } from './templates.mjs'
import { faultsOf } from './validate.mjs'

const versionsMax = 50

const app = createService('config')
const alicia = joinAlicia(app, {
  name: 'config',
  does: 'Keeps the configuration of every service, with all its versions',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const changes = new Counter({
  name: 'alicia_config_changes_total',
  help: 'New versions of configurations',
})

/** What each service says can be set. */
const settings = new Map()
const store = openFileStore(process.env.DATA_DIR ?? '/data', 'config', { services: {} })
/** Which version each instance runs. */
const applied = new Map()

alicia.on('alicia/settings/+', (topic, body) => {
  if (body !== undefined) settings.set(topic.split('/')[2], body)
})
alicia.on('alicia/heartbeat/+/+', (_topic, { service, instance, version }) => {
  if (!applied.has(service)) applied.set(service, new Map())
  const instances = applied.get(service)
  instances.set(instance, { version, at: Date.now() })
  for (const [key, { at }] of instances) if (Date.now() - at > 60_000) instances.delete(key)
})

const settingsOf = (service) => {
  const found = settings.get(service)
  if (found === undefined) throw new Refusal(404, `${service} has told no settings`)
  return found
}
const versionsOf = (service) => store.value.services[service] ?? []

const shown = (service) => {
  const known = settingsOf(service)
  const current = versionsOf(service).at(-1)
  const instances = [...(applied.get(service) ?? [])]
    .filter(([, { at }]) => Date.now() - at < 10_000)
    .map(([instance, { version }]) => ({ instance, version }))
  const defaults = Object.fromEntries(Object.entries(known).map(([key, one]) => [key, one.default]))
  const values = { ...defaults, ...current?.values }
  return { service, version: current?.version ?? 0, values, settings: known, instances }
}

/** A new version: checked, kept, and told to the service, which takes it up as it runs. */
const write = (service, values, why) => {
  const faults = faultsOf(values, settingsOf(service))
  if (faults.length > 0) throw new Refusal(422, faults.join('; '))
  const versions = versionsOf(service)
  const version = (versions.at(-1)?.version ?? 0) + 1
  const made = { version, at: new Date().toISOString(), why, values }
  store.value.services[service] = [...versions, made].slice(-versionsMax)
  store.save()
  changes.inc()
  alicia.tell(`alicia/config/${service}`, { version, values }, { retain: true })
  return shown(service)
}

const byName = (a, b) => a.localeCompare(b)

const rollBack = (service, wanted) => {
  const versions = versionsOf(service)
  const found = versions.find(({ version }) => version === wanted)
  const known = versions.map(({ version }) => version).join(', ')
  if (found === undefined) throw new Refusal(404, `${service} has the versions: ${known}`)
  return write(service, found.values, `back to version ${wanted}`)
}

const applyTemplate = (name) => {
  const template = templates[name]
  if (template === undefined)
    throw new Refusal(404, `Templates: ${Object.keys(templates).join(', ')}`)
  // All or none: everything is checked before the first is written.
  for (const [service, values] of Object.entries(template.services)) {
    const faults = faultsOf(values, settingsOf(service))
    if (faults.length > 0) throw new Refusal(422, `${service}: ${faults.join('; ')}`)
  }
  return Object.entries(template.services).map(([service, values]) => {
    const { version } = write(service, { ...shown(service).values, ...values }, `template ${name}`)
    return { service, version }
  })
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/config', () => ({ services: [...settings.keys()].sort(byName).map(shown) }))
app.get('/config/:service', ({ params: [service] }) => shown(service))
app.get('/config/:service/versions', ({ params: [service] }) => ({
  versions: versionsOf(service),
}))
app.put('/config/:service', ({ params: [service], body }) => json(201, write(service, body, 'set')))
app.post('/config/:service/rollback', ({ params: [service], body }) =>
  json(201, rollBack(service, body.version)),
)
app.get('/templates', () => templates)
app.post('/templates/:name', ({ params: [name] }) => json(201, { applied: applyTemplate(name) }))
// After a restart of the broker nothing is retained: told again.
for (const [service, versions] of Object.entries(store.value.services)) {
  const { version, values } = versions.at(-1)
  alicia.tell(`alicia/config/${service}`, { version, values }, { retain: true })
}
await app.listen(process.env.PORT, process.env.HOST)
