import { factAt } from '../../place.ts'
import { reach } from '../../systems/reach.ts'
import type { Rule } from '../rule.ts'
import { contactsOf, isForPrograms } from './contacts.ts'

/** A service is told to contact a plain name that nothing in the stack has. */
export const unknownHost: Rule = {
  id: 'network/unknown-host',
  title: 'Host that nothing has',
  severity: 'warning',
  why: `A plain name such as \`redis\` is answered only by Docker's DNS, for services, container names
and aliases. When the service was renamed or never added, the client fails at its first request, often
long after the start.`,
  joins: [
    'addresses in environment, configuration and code',
    'compose services, names and aliases',
  ],
  fix: 'Correct the name, or add the service.',
  *find(system) {
    for (const { from, host, port, scheme, what, by, file, line, column } of contactsOf(system)) {
      // What code falls back on, and a web address with a domain, may be somebody's machine.
      if (by === 'code') continue
      if (by === 'environment' && !isForPrograms(scheme) && !isPlainName(host, port)) continue
      if (reach(system, from, host).kind !== 'nobody') continue
      const address = port === undefined ? host : `${host}:${port}`
      // An env file is given whole to many services, of this stack and of others.
      const isOfFile = by === 'environment' && !/\.ya?ml$/.test(file)
      // A plain name in a web address may be a machine of the team's own network.
      const isWeb = by === 'environment' && !isForPrograms(scheme)
      yield {
        service: from.name,
        ...(isOfFile || isWeb ? { severity: 'info' as const } : {}),
        message: `${from.name} is told to use ${address}, and nothing in the stack is called ${host}`,
        evidence: [
          factAt({ file, line, column }, `${what}: ${address}`),
          factAt(from.at, `no service, container name or alias "${host}"`),
        ],
        fix: `Name a service of the stack in ${what}, or add one called ${host}`,
        subject: `${what} ${host}`,
      }
    }
  },
  examples: [
    {
      title: 'one word is no name of the internet',
      files: {
        'compose.yaml': `services:
  web:
    image: example/web:1
    environment:
      BACKEND_URL: http://backend-api:8000
      OTHER_SERVER: SERVER1:8000
      DATABASE_URL: postgres://app:P@ssw0rd@backend:5432/app
      DOCS_URL: http://docs.example.com:8000
      PROXY_URL: http://intranet
  backend: { image: "example/backend:1" }
`,
      },
      finds: [{ service: 'web', says: 'nothing in the stack is called backend-api' }],
    },
    {
      title: 'in a command, without a scheme, and the mail server of alerts',
      files: {
        'compose.yaml': `services:
  exporter:
    image: example/exporter:1
    command: ["--redis.addr=redis://cache:6379", "--api", "http://ledger:8000/x", "--web.external-url=http://metrics:9000"]
    environment:
      DATA_SOURCE_URI: app:word@postgres:5432/app?sslmode=disable
      ETCD_ENDPOINTS: etcd-a:2379
  alerts:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
`,
        'alertmanager.yml': `global: { smtp_smarthost: "mail:25", smtp_from: a@acme.io }
route: { receiver: people }
receivers:
  - name: people
    email_configs:
      - { to: b@acme.io }
      - { to: c@acme.io, smarthost: "smtp.acme.io:587" }
`,
      },
      finds: [
        { service: 'exporter', says: 'nothing in the stack is called cache' },
        { service: 'exporter', says: 'nothing in the stack is called ledger' },
        { service: 'exporter', says: 'nothing in the stack is called postgres' },
        { service: 'exporter', says: 'nothing in the stack is called etcd-a' },
        { service: 'alerts', says: 'use mail:25' },
      ],
    },
    {
      title: 'in scripts, in what it is told of itself, and of what is there',
      files: {
        'compose.yaml': `services:
  a:
    image: example/a:1
    command: sh -c "curl http://somebody:80/ || true"
  b:
    image: example/b:1
    command: ["--listen=http://all:8000", "--a=http://a:8000", "--docs=https://docs.acme.io/", "--time", "12:30"]
    environment: { START_PATH: "path:12/x", RATIO_NODES: "4:16", API_URL: "a:8000/x" }
`,
      },
      finds: [],
    },
    {
      title: 'an env file that several stacks share',
      files: {
        'compose.yaml': 'services:\n  api: { image: "example/api:1", env_file: all.env }\n',
        'all.env': 'DATABASE_URL=postgres://app@db:5432/app\n',
      },
      finds: [{ service: 'api', says: 'nothing in the stack is called db', severity: 'info' }],
    },
    {
      title: 'a cache that was renamed',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { REDIS_URL: "redis://redis:6379" }
  cache:
    image: redis:8
`,
      },
      finds: [{ service: 'api', says: 'nothing in the stack is called redis' }],
    },
    {
      title: 'an alias',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { REDIS_URL: "redis://redis:6379" }
  cache:
    image: redis:8
    networks: { default: { aliases: [redis] } }
`,
      },
      finds: [],
    },
    {
      title: 'a network that other stacks join may have it',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { REDIS_URL: "redis://redis:6379" }
    networks: [shared]
networks: { shared: { external: true } }
`,
      },
      finds: [],
    },
  ],
}

/** `http://ledger:8000`: one word and a port; no name server of the internet knows it. */
const isPlainName = (host: string, port: number | undefined): boolean =>
  port !== undefined && /^[a-z][a-z0-9_-]*$/i.test(host)
