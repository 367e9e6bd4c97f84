import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { hasCheck } from './checks.ts'
import { addKnownCheck, knownCheckOf } from './known-check.ts'

/** Waits until a service is healthy that nobody can find healthy. */
export const waitWithoutCheck: Rule = {
  id: 'health/wait-without-check',
  title: 'Waits for the health of a service without a check',
  severity: 'error',
  why: `\`condition: service_healthy\` on a service without a health check ends \`docker compose up\` with
"has no healthcheck configured", or waits until the timeout. The stack does not start.`,
  joins: ['depends_on condition', 'compose healthcheck', 'Dockerfile HEALTHCHECK'],
  fix: 'Give the dependency a health check, or wait for `service_started`.',
  fixable: 'always',
  *find({ services }) {
    for (const service of services.values()) {
      for (const [target, { condition, required }] of Object.entries(service.model.dependsOn)) {
        const other = services.get(target)
        if (other === undefined || condition !== 'service_healthy' || !required) continue
        if (hasCheck(other) !== false) continue
        const isOff = other.model.healthcheck?.disabled === true
        yield {
          service: service.name,
          message: `${service.name} waits until ${target} is healthy, but ${target} has ${isOff ? 'its check switched off' : 'no health check'}`,
          evidence: [
            factAt(service.place('depends_on', target, 'condition'), 'condition: service_healthy'),
            factAt(
              isOff ? other.place('healthcheck') : other.at,
              isOff ? 'healthcheck is disabled' : 'no healthcheck',
            ),
            ...(other.image === undefined
              ? []
              : [factAt(other.image.at, `${other.image.name} brings none`)]),
          ],
          fix: `Add a healthcheck to ${target}${suggestion(knownCheckOf(other))}`,
          subject: target,
          edits: addKnownCheck(other),
        }
      }
    }
  },
  examples: [
    {
      title: 'redis brings no check',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on: { cache: { condition: service_healthy } }
  cache:
    image: redis:7
`,
      },
      finds: [{ service: 'api', says: 'cache has no health check' }],
    },
    {
      title: 'the check is in compose',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on: { cache: { condition: service_healthy } }
  cache:
    image: redis:7
    healthcheck: { test: [CMD, redis-cli, ping] }
`,
      },
      finds: [],
    },
    {
      title: 'the check is in the Dockerfile, and that of an image is not known',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on:
      config: { condition: service_healthy }
      auth: { condition: service_healthy }
  config:
    build: ./config
  auth:
    image: example/auth:1
`,
        'config/Dockerfile':
          'FROM eclipse-temurin:21\nHEALTHCHECK CMD curl -f http://localhost:8888\n',
      },
      finds: [],
    },
  ],
}

const suggestion = (test: readonly string[] | undefined): string =>
  test === undefined ? '' : `: { test: ${JSON.stringify(test)} }`
