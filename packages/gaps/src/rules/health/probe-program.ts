import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { checkOf, type Check } from './checks.ts'
import { knownCheckOf } from './known-check.ts'
import { failsWithFirst, programOf, readProbe } from './probes.ts'
import { factsOfAbsence } from './programs.ts'

/** The check runs a program that is not in the image, so it can never pass. */
export const probeProgram: Rule = {
  id: 'health/probe-program',
  title: 'Health check runs a program that is not there',
  severity: 'error',
  why: `The commonest reason for a container that is "unhealthy" for ever: \`curl\` in an image that has no
curl (coollabsio/coolify-docs#364). With a waiting dependent the stack never comes up; behind a proxy the
service answers 503 although it works.`,
  joins: ['healthcheck test', 'programs of known images', 'what RUN lines install'],
  fix: 'Use a program the image has, or install the one the check wants.',
  *find({ services }) {
    for (const service of services.values()) {
      const check = checkOf(service)
      const found = check && judge(service, check)
      if (found !== undefined) yield found
    }
  },
  examples: [
    {
      title: 'curl in postgres',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    healthcheck: { test: [CMD, curl, -f, "http://localhost:5432"] }
`,
      },
      finds: [{ service: 'db', says: 'curl' }],
    },
    {
      title: 'wget in a slim image',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n',
        Dockerfile: `FROM python:3.13-slim
RUN pip install flask
HEALTHCHECK CMD wget -q --spider http://localhost:5000/ || exit 1
`,
      },
      finds: [{ service: 'api', says: 'wget' }],
    },
    {
      title: 'a shell line in an image without a shell',
      files: {
        'compose.yaml': `services:
  collector:
    image: otel/opentelemetry-collector-contrib:0.110.0
    healthcheck: { test: "true && true" }
`,
      },
      finds: [{ service: 'collector', says: 'sh' }],
    },
    {
      title: 'a RUN line installs it',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n',
        Dockerfile: `FROM python:3.13-slim
RUN apt-get update && \\
    apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
HEALTHCHECK CMD curl -f http://localhost:5000/ || exit 1
`,
      },
      finds: [],
    },
    {
      title: 'the other program is tried when the first is not there',
      files: {
        'compose.yaml': `services:
  web:
    image: nginx:1.27
    healthcheck: { test: "wget -q http://localhost || curl -f http://localhost || exit 1" }
`,
      },
      finds: [],
    },
    {
      title: 'busybox brings wget to alpine',
      files: {
        'compose.yaml': `services:
  web:
    image: nginx:1.27-alpine
    healthcheck: { test: [CMD, wget, -q, --spider, "http://localhost"] }
`,
      },
      finds: [],
    },
  ],
}

const judge = (service: ServiceEvidence, check: Check): Found | undefined => {
  const commands = readProbe(check)
  const programs = failsWithFirst(commands) ? commands.slice(0, 8).map(programOf) : []
  if (check.test[0] === 'CMD-SHELL') programs.unshift('sh')
  for (const program of new Set(programs)) {
    const absence = factsOfAbsence(program, service)
    if (absence === undefined) continue
    const isShell = program === 'sh' && check.test[0] === 'CMD-SHELL'
    const works = knownCheckOf(service)
    return {
      service: service.name,
      message: isShell
        ? `the health check of ${service.name} is a shell line, and its image has no shell`
        : `the health check of ${service.name} runs ${program}, which its image does not have`,
      evidence: [
        factAt(check.at, isShell ? 'CMD-SHELL needs sh' : `the test runs ${program}`),
        ...absence,
      ],
      fix:
        works === undefined || service.build !== undefined
          ? `Install ${program} in the image, or test with a program it has`
          : `Use test: ${JSON.stringify(works)}`,
      subject: program,
    }
  }
  return undefined
}
