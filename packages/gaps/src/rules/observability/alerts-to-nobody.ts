import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

/** Alerts are evaluated, and nobody is told of them; or somebody waits and nothing alerts. */
export const alertsToNobody: Rule = {
  id: 'observability/alerts-to-nobody',
  title: 'Alerts and receivers that do not meet',
  severity: 'warning',
  why: `Prometheus shows a firing alert on its own page and does nothing else: without an Alertmanager
nobody is called. An Alertmanager without rules is the same gap from the other side.`,
  joins: ['Prometheus rules', 'Prometheus alerting', 'Alertmanager receivers'],
  fix: 'Name the Alertmanager under `alerting.alertmanagers`, and give Prometheus rules that alert.',
  *find(system) {
    const prometheus = findPrometheus(system)
    if (prometheus === undefined) return
    yield* withoutManager(system, prometheus)
    yield* withoutRules(system, prometheus)
  },
  examples: [
    {
      title: 'rules that alert and no Alertmanager',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/prometheus.yml': `rule_files: [app.rules]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
        'prometheus/app.rules': `groups:
  - name: app
    rules:
      - { alert: Down, expr: up == 0 }
`,
      },
      finds: [{ service: 'prometheus', says: 'no Alertmanager' }],
    },
    {
      title: 'an Alertmanager and nothing that alerts',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'prometheus.yml': `alerting:
  alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
        'alertmanager.yml': `route: { receiver: mail }
receivers:
  - name: mail
    email_configs: [{ to: ops@acme.io }]
`,
      },
      finds: [{ service: 'alertmanager', says: 'no rule alerts' }],
    },
    {
      title: 'both are there',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
  alertmanager:
    image: prom/alertmanager:v0.28.1
`,
        'prometheus/prometheus.yml': `rule_files: [app.rules]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
        'prometheus/app.rules': `groups:
  - name: app
    rules:
      - { alert: Down, expr: up == 0 }
`,
      },
      finds: [],
    },
  ],
}

/** The one that runs Prometheus itself and whose configuration is read. */
const findPrometheus = (system: System): ServiceEvidence | undefined =>
  [...system.services.values()].find(
    ({ name, image }) =>
      /(?:^|\/)prometheus$/.test(image?.name ?? '') &&
      [...system.scrapes, ...system.ruleFiles].some(({ by }) => by === name),
  )

function* withoutManager(
  { alerting }: System,
  { name, at, model }: ServiceEvidence,
): Generator<Found> {
  const alerts = alerting.rules.filter(({ kind, by }) => kind === 'alert' && by === name)
  const [first] = alerts
  if (first === undefined || alerting.managers.some(({ by }) => by === name)) return
  // Old versions took it on the command line.
  if ((model.command ?? []).some((word) => word.includes('alertmanager.url'))) return
  const { file, line, column } = first
  yield {
    service: name,
    message: `${name} has ${alerts.length} alerting rule${alerts.length === 1 ? '' : 's'} and no Alertmanager to send to`,
    evidence: [
      factAt({ file, line, column }, `alert ${first.name}`),
      factAt(at, 'no alerting.alertmanagers in its configuration'),
    ],
    fix: 'Add an Alertmanager and name it under alerting.alertmanagers',
    subject: 'no manager',
  }
}

function* withoutRules(
  { alerting, ruleFiles }: System,
  prometheus: ServiceEvidence,
): Generator<Found> {
  const receiver = alerting.receivers.find(({ by }) => by !== undefined)
  const hasRules = alerting.rules.some(({ kind }) => kind === 'alert')
  if (
    receiver?.by === undefined ||
    hasRules ||
    ruleFiles.some(({ by }) => by === prometheus.name)
  ) {
    return
  }
  const { file, line, column } = receiver
  yield {
    service: receiver.by,
    severity: 'info',
    message: `${receiver.by} has receivers, and no rule alerts`,
    evidence: [
      factAt({ file, line, column }, `receiver ${receiver.name}`),
      factAt(prometheus.at, `${prometheus.name} reads no rule files`),
    ],
    fix: `Give ${prometheus.name} rule_files with rules that alert`,
    subject: 'no rules',
  }
}
