import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import { besideBroker } from '../network/exposed.ts'
import type { Found, Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'
import { hasCheck, isJob } from './checks.ts'
import { addKnownCheck, knownCheckOf } from './known-check.ts'

/** What takes its time until it answers, and takes all down that stand on it. */
const slow = new Set(['database', 'search', 'broker', 'object store'])

/** Nobody asks the service whether it works: neither compose, nor its Dockerfile, nor its image. */
export const noCheck: Rule = {
  id: 'health/no-check',
  title: 'No health check',
  severity: 'info',
  isMilderInDevelopment: true,
  why: `A process that runs and answers nothing stays "up" for ever: a deadlocked worker, a server that
lost its database. What waits for it starts too early, and nothing restarts it (docker/compose#6669).
Graver for a database or a broker on which other services depend.`,
  joins: [
    'compose healthcheck',
    'Dockerfile HEALTHCHECK',
    'checks known images bring',
    'depends_on',
  ],
  fix: 'Add a `healthcheck` to the service, or a `HEALTHCHECK` to its Dockerfile.',
  fixable: 'always',
  *find(system) {
    if (isForTests(system)) return
    for (const service of system.services.values()) {
      if (hasCheck(service) === false && !isJob(service, system)) yield missing(service, system)
    }
  },
  examples: [
    {
      title: 'a database without a check',
      files: { 'compose.yaml': 'services:\n  db:\n    image: postgres:17\n' },
      finds: [{ service: 'db', says: 'no health check', severity: 'info' }],
    },
    {
      title: 'others stand on a database, and on a page',
      files: {
        'compose.yaml': `services:
  db: { image: "postgres:17" }
  web: { image: "nginx:1.29", depends_on: [db] }
  cache: { image: "varnish:7", depends_on: [web] }
`,
      },
      finds: [
        { service: 'db', says: 'no health check', severity: 'warning' },
        { service: 'web', says: 'no health check', severity: 'info' },
        { service: 'cache', says: 'no health check', severity: 'info' },
      ],
    },
    {
      title: 'a Dockerfile without one, on a base that has none',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n',
        Dockerfile: 'FROM node:22-slim\nCMD ["node", "server.js"]\n',
      },
      finds: [{ service: 'api', says: 'no health check' }],
    },
    {
      title: 'compose has one',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    healthcheck: { test: [CMD, pg_isready] }
`,
      },
      finds: [],
    },
    {
      title: 'the Dockerfile has one',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n',
        Dockerfile: 'FROM node:22-slim\nHEALTHCHECK CMD node check.js\n',
      },
      finds: [],
    },
    {
      title: 'nothing is known of the image',
      files: { 'compose.yaml': 'services:\n  api:\n    image: registry.example.com/api:1\n' },
      finds: [],
    },
    {
      title: 'a job that runs to its end',
      files: {
        'compose.yaml': `services:
  migrate:
    image: node:22
    restart: "no"
`,
      },
      finds: [],
    },
  ],
}

const missing = (service: ServiceEvidence, { services }: System): Found => {
  const { name, at, image, model, place } = service
  const test = knownCheckOf(service)
  const isOff = model.healthcheck?.disabled === true
  const dependents = [...services.values()].filter((other) =>
    Object.hasOwn(other.model.dependsOn, name),
  )
  const [first] = dependents
  // Nothing can be run in an image that holds one program.
  const isBare = test === undefined && image?.known?.lacks.includes('sh') === true
  const isSlow =
    slow.has(image?.known?.kind ?? '') && !besideBroker.test(image?.name.split('/').at(-1) ?? '')
  const isGrave = first !== undefined && !isBare && isSlow
  return {
    service: name,
    ...(isGrave ? { severity: 'warning' } : {}),
    message: isOff
      ? `${name} has its health check switched off`
      : `${name} has no health check, neither in compose nor in its image`,
    evidence: [
      factAt(
        isOff ? place('healthcheck') : at,
        isOff ? 'healthcheck is disabled' : 'no healthcheck',
      ),
      ...(image === undefined || isOff ? [] : [factAt(image.at, `${image.name} brings none`)]),
      ...(first === undefined
        ? []
        : [factAt(first.place('depends_on', name), `${first.name} depends on it`)]),
    ],
    fix: isBare
      ? 'The image holds no program to ask with: probe it from outside'
      : test === undefined
        ? 'Add a healthcheck that asks the service for something it can only answer when it works'
        : `Add healthcheck: { test: ${JSON.stringify(test)} }`,
    subject: 'healthcheck',
    edits: addKnownCheck(service),
  }
}
