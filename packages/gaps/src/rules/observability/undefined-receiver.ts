import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'

/** A route sends to a receiver that is not there. */
export const undefinedReceiver: Rule = {
  id: 'observability/undefined-receiver',
  title: 'Route to a receiver that is not defined',
  severity: 'error',
  why: `Alertmanager does not start with such a file, and on a reload it keeps the old one: alerts go
where they went before, or nowhere.`,
  joins: ['Alertmanager routes', 'Alertmanager receivers'],
  fix: 'Define the receiver, or correct the name.',
  *find({ alerting }) {
    const { routed, receivers } = alerting
    for (const { receiver, file, line, column, by } of routed) {
      // A file that nothing mounts is nobody's configuration.
      if (by === undefined) continue
      const defined = receivers.filter((one) => one.file === file)
      if (defined.some(({ name }) => name === receiver)) continue
      const names = defined.map(({ name }) => name).join(', ')
      yield {
        service: by,
        message: `A route sends to ${receiver}, and no receiver has that name`,
        evidence: [
          factAt({ file, line, column }, `receiver: ${receiver}`),
          factAt(
            defined[0] ?? { file, line: 0, column: 0 },
            names === '' ? 'no receivers' : `defined: ${names}`,
          ),
        ],
        fix: `Define a receiver ${receiver}, or name one of: ${names}`,
        subject: receiver,
      }
    }
  },
  examples: [
    {
      title: 'a misspelt receiver',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `route:
  receiver: mail
  routes:
    - receiver: pagerdutty
receivers:
  - name: mail
    email_configs: [{ to: ops@acme.io }]
  - name: pagerduty
    pagerduty_configs: [{ routing_key_file: /run/secrets/pagerduty }]
`,
      },
      finds: [{ service: 'alertmanager', says: 'sends to pagerdutty' }],
    },
    {
      title: 'all are defined',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `route: { receiver: mail }
receivers:
  - name: mail
    email_configs: [{ to: ops@acme.io }]
`,
      },
      finds: [],
    },
  ],
}
