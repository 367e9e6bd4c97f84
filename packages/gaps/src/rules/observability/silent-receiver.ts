import { factAt } from '../../place.ts'
import type { AlertingEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

type Receiver = AlertingEvidence['receivers'][number]
type Integration = Receiver['integrations'][number]

/** A receiver is used and tells nobody. */
export const silentReceiver: Rule = {
  id: 'observability/silent-receiver',
  title: 'Receiver that tells nobody',
  severity: 'warning',
  why: `The alert fires, Alertmanager accepts it, and its notification goes to an address that was never
filled in. It is noticed after the outage that nobody was told of.`,
  joins: ['Alertmanager receivers', 'Alertmanager routes'],
  fix: 'Give the receiver an address that somebody reads.',
  *find(system) {
    for (const receiver of system.alerting.receivers) {
      if (receiver.by === undefined || !receiver.isUsed || isMeant.test(receiver.name)) continue
      const trouble = silenceOf(system, receiver)
      if (trouble === undefined) continue
      const found = report(receiver, trouble)
      // A file that a program writes holds what it wrote last.
      yield /generated/i.test(receiver.file) ? { ...found, severity: 'info' } : found
    }
  },
  examples: [
    {
      title: 'a webhook that was never filled in',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `route: { receiver: slack }
receivers:
  - name: slack
    slack_configs:
      - channel: "#ops"
        api_url: https://hooks.slack.com/services/<webhook-id>
`,
      },
      finds: [{ service: 'alertmanager', says: 'placeholder' }],
    },
    {
      title: 'a variable that Alertmanager does not expand',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    environment: { SLACK_WEBHOOK_URL: "" }
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `route: { receiver: slack }
receivers:
  - name: slack
    slack_configs: [{ channel: "#ops", api_url: "\${SLACK_WEBHOOK_URL}" }]
`,
      },
      finds: [{ service: 'alertmanager', says: 'does not expand' }],
    },
    {
      title: 'nothing but a name',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `route: { receiver: default }
receivers: [{ name: default }]
`,
      },
      finds: [{ service: 'alertmanager', says: 'has nothing to tell by' }],
    },
    {
      title: 'a server that shows every mail, whoever it is to',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
  mailhog: { image: "mailhog/mailhog:v1.0.1" }
`,
        'alertmanager.yml': `global: { smtp_smarthost: "mailhog:1025", smtp_from: a@example.com }
route: { receiver: team }
receivers:
  - name: team
    email_configs: [{ to: team@example.com }]
`,
      },
      finds: [],
    },
    {
      title: 'one that drops on purpose, one with a global address, one that has a file',
      files: {
        'compose.yaml': `services:
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `global:
  slack_api_url: https://hooks.slack.com/services/T024/B03/ab12
route:
  receiver: slack
  routes:
    - { receiver: "null", matchers: ['alertname="Watchdog"'] }
    - { receiver: hook }
receivers:
  - name: "null"
  - name: slack
    slack_configs: [{ channel: "#ops" }]
  - name: hook
    webhook_configs: [{ url_file: /run/secrets/hook }]
`,
      },
      finds: [],
    },
  ],
}

/** Names of receivers that are there to drop alerts. */
const isMeant =
  /null|blackhole|black-hole|void|none|drop|silent|silence|noop|no-op|ignore|discard|trash|watchdog/i

const placeholder =
  /<[^<>]{1,60}>|\byour[-_ ]?|x{4,}|change[-_]?me|replace[-_]?me|replace[-_ ]with|T0{6,}|todo\b|@example\.(?:com|org|net)$|:\/\/example\.(?:com|org|net)\b|placeholder|dummy/i

type Silence = { at: Receiver | Integration; says: string; fact: string; fix: string }

const silenceOf = (system: System, receiver: Receiver): Silence | undefined => {
  const { integrations, name } = receiver
  if (integrations.length === 0) {
    return {
      ...{ at: receiver, says: 'has nothing to tell by', fact: 'no integration' },
      fix: `Give ${name} an integration, such as slack_configs or email_configs`,
    }
  }
  const troubles = integrations.map((one) => troubleOf(system, receiver, one))
  // One that works is enough.
  return troubles.every((one) => one !== undefined) ? troubles[0] : undefined
}

const troubleOf = (
  { services }: System,
  { by }: Receiver,
  integration: Integration,
): Silence | undefined => {
  const { url, kind } = integration
  if (url === undefined) return undefined
  if (url.trim() === '') {
    return {
      ...{
        at: integration,
        says: `has an address for ${kind} that is empty`,
        fact: `${kind}: no address`,
      },
      fix: `Set the address of ${kind}`,
    }
  }
  const variable = /^\$\{?(\w+)\}?$/.exec(url)?.[1]
  if (variable !== undefined) {
    const owner = by === undefined ? undefined : services.get(by)
    const words = [...(owner?.model.entrypoint ?? []), ...(owner?.model.command ?? [])].join(' ')
    if (
      owner === undefined ||
      owner.build !== undefined ||
      /envsubst|sed |sh\b|gomplate/.test(words)
    ) {
      return undefined
    }
    return {
      ...{ at: integration, fact: `${kind}: ${url}` },
      says: `has the address ${url}, which Alertmanager does not expand`,
      fix: `Put the address into a file and use api_url_file or url_file, or fill it in before the start`,
    }
  }
  const match = placeholder.exec(url)
  if (match === null) return undefined
  return {
    ...{ at: integration, fact: `${kind}: "${match[0]}" in the address` },
    says: `has a placeholder for its ${kind} address`,
    fix: `Put the real address in, best by api_url_file or url_file from a secret`,
  }
}

const report = ({ name, by, ...receiver }: Receiver, { at, says, fact, fix }: Silence): Found => ({
  ...(by === undefined ? {} : { service: by }),
  message: `The receiver ${name} ${says}: its alerts reach nobody`,
  evidence: [factAt(placeOf(at), fact), factAt(placeOf(receiver), `${name} is used by a route`)],
  fix,
  subject: name,
})

const placeOf = ({ file, line, column }: { file: string; line: number; column: number }) => ({
  ...{ file, line, column },
})
