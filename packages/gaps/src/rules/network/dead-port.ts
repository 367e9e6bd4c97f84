import { factAt, type Place } from '../../place.ts'
import { servesPort, type Serving } from '../../systems/serving.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

/** A published port leads to a container port that nothing listens on. */
export const deadPort: Rule = {
  id: 'network/dead-port',
  title: 'Published port that nothing serves',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `The port is open on the host, the connection is accepted by Docker's proxy and closed at once.
The service is healthy by its own check, and nobody can use it.`,
  joins: ['compose ports', 'code that listens, EXPOSE, known images, server configuration'],
  fix: 'Publish the port that the service listens on.',
  *find(system) {
    for (const service of system.services.values()) {
      const dead = deadPorts(system, service)
      for (const isCertain of [true, false]) {
        const found = report(
          service,
          dead.filter((one) => one.isCertain === isCertain),
        )
        if (found !== undefined) yield found
      }
    }
  },
  examples: [
    {
      title: 'nginx is told to listen elsewhere',
      files: {
        'compose.yaml': `services:
  web:
    image: nginx:1.29
    ports: ["8080:8080"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
`,
        'nginx.conf':
          'http {\n  server {\n    listen 8000;\n    location / { root /srv; }\n  }\n}\n',
      },
      finds: [{ service: 'web', says: 'publishes 8080, and is known to serve 8000' }],
    },
    {
      title: 'nginx listens on what is published',
      files: {
        'compose.yaml': `services:
  web:
    image: nginx:1.29
    ports: ["8080:8000"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
`,
        'nginx.conf':
          'http {\n  server {\n    listen [::]:8000;\n    location / { root /srv; }\n  }\n}\n',
      },
      finds: [],
    },
    {
      title: 'no command of its own: the base image starts its server, and loads the code',
      files: {
        'compose.yaml': 'services:\n  web:\n    build: .\n    ports: ["8080:80"]\n',
        Dockerfile: 'FROM example/uwsgi:1\nCOPY . /app\n',
        'requirements.txt': 'flask==3.0.0\n',
        'main.py': 'from flask import Flask\napp = Flask(__name__)\napp.run(port=5000)\n',
      },
      finds: [],
    },
    {
      title: 'what it listens on comes from a variable that is not known',
      files: {
        'compose.yaml': `services:
  web:
    image: nginx:1.29
    ports: ["8080:8080"]
    volumes: ["./site.conf.template:/etc/nginx/templates/site.conf.template:ro"]
`,
        'site.conf.template': 'server {\n  listen ${SITE_PORT};\n  location / { root /srv; }\n}\n',
      },
      finds: [],
    },
  ],
}

/** Debuggers and reloaders: opened by a flag, often on other days than today. */
const debugPorts = new Set([2345, 5005, 5678, 9229, 9230, 24_678, 35_729, 40_000])

type Dead = {
  key: string
  target: number
  published: string | undefined
  isCertain: boolean
  instead: Serving['instead']
}

const deadPorts = (system: System, service: ServiceEvidence): readonly Dead[] =>
  service.model.ports.flatMap(({ target, published, protocol }, index) => {
    const key = String(index)
    if (protocol === 'sctp' || debugPorts.has(target)) return []
    if (service.isUnset('ports', key, 'target')) return []
    const { isServed, confidence, instead } = servesPort(system, service, target, protocol)
    if (isServed !== false || instead.length === 0) return []
    return [{ key, target, published, isCertain: confidence === 'certain', instead }]
  })

/** One finding for all dead ports of a service. */
const report = (service: ServiceEvidence, dead: readonly Dead[]): Found | undefined => {
  const [first] = dead
  const serving = first?.instead[0]
  if (first === undefined || serving === undefined) return undefined
  const targets = [...new Set(dead.map(({ target }) => target))].join(', ')
  const others = first.instead.map(({ port }) => port).join(', ')
  const facts = dead.map(({ key, published, target }) =>
    factAt(
      service.place('ports', key),
      `${published ?? 'any port'} of the host leads to ${target}`,
    ),
  )
  const [shown, ...more] = facts
  return shown === undefined
    ? undefined
    : {
        service: service.name,
        severity: first.isCertain ? 'warning' : 'info',
        message: `${service.name} publishes ${targets}, and is known to serve ${others}`,
        evidence: [shown, ...more, factAt(placeOf(serving), `${serving.by} ${serving.port}`)],
        fix: `Publish a port that it serves (${others}), or let it listen on ${targets}`,
        subject: first.isCertain ? 'ports' : 'likely ports',
      }
}

const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column })
