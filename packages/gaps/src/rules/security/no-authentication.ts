import { factAt, type Fact } from '../../place.ts'
import type { ServiceEvidence, VariableEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

const yes = /^(?:true|yes|1|on)$/i
const no = /^(?:false|no|0|off)$/i

/** Variables that take a password away, and the value with which they do. */
const switches: readonly { name: RegExp; value: RegExp; opens: string }[] = [
  {
    name: /^POSTGRES_HOST_AUTH_METHOD$/,
    value: /^trust$/i,
    opens: 'PostgreSQL asks nobody for a password',
  },
  {
    name: /^(?:MYSQL_ALLOW_EMPTY_PASSWORD|(?:MYSQL|MARIADB)_ALLOW_EMPTY_ROOT_PASSWORD)$/,
    value: /^(?!(?:false|no|0|off)?$)/i,
    opens: 'root has no password',
  },
  {
    name: /^ALLOW_(?:EMPTY_PASSWORD|ANONYMOUS_LOGIN)$/,
    value: yes,
    opens: 'it asks nobody for a password',
  },
  {
    name: /^xpack\.security\.enabled$/,
    value: no,
    opens: 'Elasticsearch asks nobody for a password',
  },
  {
    name: /^(?:DISABLE_SECURITY_PLUGIN|plugins\.security\.disabled)$/,
    value: yes,
    opens: 'OpenSearch asks nobody for a password',
  },
  { name: /^GF_AUTH_ANONYMOUS_ENABLED$/, value: yes, opens: 'Grafana lets anybody in' },
  { name: /^ARANGO_NO_AUTH$/, value: yes, opens: 'ArangoDB asks nobody for a password' },
  { name: /^NEO4J_AUTH$/, value: /^none$/i, opens: 'Neo4j asks nobody for a password' },
  {
    name: /^AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED$/,
    value: yes,
    opens: 'Weaviate lets anybody in',
  },
  { name: /^ME_CONFIG_BASICAUTH(?:_ENABLED)?$/, value: no, opens: 'mongo-express lets anybody in' },
  {
    name: /^PGADMIN_CONFIG_SERVER_MODE$/,
    value: /^['"]?False['"]?$/i,
    opens: 'pgAdmin lets anybody in',
  },
  {
    name: /(?:^|_)(?:NO_AUTH|DISABLE_AUTH|AUTH_DISABLED|SKIP_AUTH)$/,
    value: yes,
    opens: 'it asks nobody who they are',
  },
]

/** A variable switches the password off. */
export const noAuthentication: Rule = {
  id: 'security/no-authentication',
  title: 'Authentication switched off',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `Databases and dashboards without a password are found by scanners within hours of being reachable;
the data is copied, deleted and asked a ransom for. The line was written for the laptop and went along.`,
  joins: ['environment', 'env files', 'Dockerfile ENV', 'ports'],
  fix: 'Set a password; keep the switch for tests in an overlay.',
  *find({ services }) {
    for (const service of services.values()) {
      for (const variable of service.environment.values()) {
        const found = switches.find(
          ({ name, value }) =>
            name.test(variable.name) &&
            variable.value !== undefined &&
            value.test(variable.value.trim()),
        )
        if (found === undefined) continue
        const open = openTo(service)
        yield {
          service: service.name,
          severity:
            open === undefined ? 'info' : mayOnlyLook(variable, service) ? 'warning' : 'error',
          message: `${service.name} runs without a password: ${found.opens}${open === undefined ? '' : ', and its port is open to everybody who reaches the host'}`,
          evidence: [
            factAt(variable, `${variable.name}=${variable.value?.trim() ?? ''}`),
            ...(open === undefined ? [] : [open]),
          ],
          fix:
            open === undefined
              ? `Set a password, and take ${variable.name} away`
              : `Set a password and take ${variable.name} away, or publish the port at 127.0.0.1`,
          subject: variable.name,
        }
      }
    }
  },
  examples: [
    {
      title: 'a database for everybody, and one for its neighbours',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    environment: { POSTGRES_HOST_AUTH_METHOD: trust }
    ports: ["5432:5432"]
  search:
    image: elasticsearch:8.19.0
    environment: ["xpack.security.enabled=false"]
`,
      },
      finds: [
        { service: 'db', says: 'open to everybody', severity: 'error' },
        { service: 'search', says: 'without a password', severity: 'info' },
      ],
    },
    {
      title: 'a dashboard that anybody may look at, and one that anybody may change',
      files: {
        'compose.yaml': `services:
  look:
    image: grafana/grafana:12.0.2
    environment: { GF_AUTH_ANONYMOUS_ENABLED: "true" }
    ports: ["3000:3000"]
  change:
    image: grafana/grafana:12.0.2
    environment: { GF_AUTH_ANONYMOUS_ENABLED: "true", GF_AUTH_ANONYMOUS_ORG_ROLE: Admin }
    ports: ["3001:3000"]
`,
      },
      finds: [
        { service: 'look', says: 'lets anybody in', severity: 'warning' },
        { service: 'change', says: 'lets anybody in', severity: 'error' },
      ],
    },
    {
      title: 'switched on, published for this machine alone and with a password, not known',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    environment: { POSTGRES_HOST_AUTH_METHOD: scram-sha-256 }
  search:
    image: elasticsearch:8.19.0
    environment: ["xpack.security.enabled=\${SECURE}"]
  page:
    image: grafana/grafana:12.0.2
    environment: { GF_AUTH_ANONYMOUS_ENABLED: "false" }
`,
      },
      finds: [],
    },
  ],
}

/** Grafana lets the anonymous look, unless it is told to make them more. */
const mayOnlyLook = ({ name }: VariableEvidence, { environment }: ServiceEvidence): boolean =>
  name === 'GF_AUTH_ANONYMOUS_ENABLED' &&
  !/^(?:admin|editor)$/i.test(environment.get('GF_AUTH_ANONYMOUS_ORG_ROLE')?.value ?? '')

/** The port through which anybody comes in. */
const openTo = ({ model, place }: ServiceEvidence): Fact | undefined => {
  const index = model.ports.findIndex(
    ({ published, hostIp }) =>
      published !== undefined && !/^(?:127\.|::1$|localhost$)/.test(hostIp ?? ''),
  )
  const port = model.ports[index]
  return port === undefined
    ? undefined
    : factAt(place('ports', String(index)), `publishes ${port.published ?? ''} on every address`)
}
