import { factAt, type Fact } from '../../place.ts'
import { servesPort } from '../../systems/serving.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { checkOf } from './checks.ts'
import { targetOf, type ProbeTarget } from './probes.ts'

/** The check asks a port that nothing in the container serves, or a path that no code answers. */
export const probeTarget: Rule = {
  id: 'health/probe-target',
  title: 'Health check asks what is not served',
  severity: 'error',
  why: `A port was changed in the code and not in the check, or a path renamed: the service works and is
"unhealthy", so what waits for it never starts, and a proxy takes it out of service
(coollabsio/coolify-docs#364 counts wrong ports and paths among the commonest causes).`,
  joins: [
    'healthcheck test',
    'ports the code listens on',
    'EXPOSE',
    'known images',
    'paths of the code',
  ],
  fix: 'Ask the port and path that the service serves.',
  *find(system) {
    for (const service of system.services.values()) {
      const check = checkOf(service)
      const target = check && targetOf(check)
      if (target === undefined) continue
      const serving = servesPort(system, withoutCheck(service), target.port)
      const [first] = serving.instead
      if (serving.isServed === false && first !== undefined) {
        const served = [...new Set(serving.instead.map(({ port }) => port))].slice(0, 4).join(', ')
        yield {
          service: service.name,
          severity: serving.confidence === 'certain' ? 'error' : 'warning',
          message: `the health check of ${service.name} asks port ${target.port}, and it serves ${served}`,
          evidence: [
            factAt(target.at, `asks port ${target.port}`),
            ...serving.instead.slice(0, 3).map((one) => factAt(one, `${one.by} ${one.port}`)),
          ],
          fix: `Ask port ${first.port}`,
          subject: 'port',
        }
        continue
      }
      const served = unservedPath(service, target)
      if (served !== undefined) {
        yield {
          service: service.name,
          severity: 'warning',
          message: `the health check of ${service.name} asks ${target.path ?? ''}, which no code of it serves`,
          evidence: [factAt(target.at, `asks ${target.path ?? ''}`), ...served],
          fix: `Serve ${target.path ?? ''}, or ask a path that is served`,
          subject: 'path',
        }
      }
    }
  },
  examples: [
    {
      title: 'the image serves another port',
      files: {
        'compose.yaml': `services:
  metrics:
    image: prom/prometheus:v3.4.2
    healthcheck: { test: [CMD, wget, -q, --spider, "http://localhost:9091/-/healthy"] }
`,
      },
      finds: [{ service: 'metrics', says: 'port 9091' }],
    },
    {
      title: 'the port the image serves',
      files: {
        'compose.yaml': `services:
  metrics:
    image: prom/prometheus:v3.4.2
    healthcheck: { test: [CMD, wget, -q, --spider, "http://localhost:9090/-/healthy"] }
`,
      },
      finds: [],
    },
    {
      title: 'a path that no route answers, and one that a parameter may answer',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
`,
        'a/Dockerfile':
          'FROM node:22\nCOPY . .\nHEALTHCHECK CMD curl -f http://localhost:3000/helth\nCMD ["node", "a.js"]\n',
        'a/package.json': '{ "name": "a" }',
        'a/a.js':
          "app.get('/health', ok)\napp.get('/things', list)\napp.get('/things/:id', one)\napp.listen(3000)\n",
        'b/Dockerfile':
          'FROM node:22\nCOPY . .\nHEALTHCHECK CMD curl -f http://localhost:3000/things/probe\nCMD ["node", "b.js"]\n',
        'b/package.json': '{ "name": "b" }',
        'b/b.js': "app.get('/list', list)\napp.get('/things/:id', one)\napp.listen(3000)\n",
      },
      finds: [{ service: 'a', says: 'asks /helth' }],
    },
    {
      title: 'the port is set by a variable or an option',
      files: {
        'compose.yaml': `services:
  metrics:
    image: prom/prometheus:v3.4.2
    command: [--web.listen-address=:9091]
    healthcheck: { test: [CMD, wget, -q, --spider, "http://localhost:9091/-/healthy"] }
`,
      },
      finds: [],
    },
  ],
}

/** The check itself is no witness of what is served. */
const withoutCheck = (service: ServiceEvidence): ServiceEvidence => {
  const { healthcheck: _, ...model } = service.model
  const { build } = service
  if (build?.dockerfile === undefined) return { ...service, model }
  const stages = build.dockerfile.stages.map((stage) => ({ ...stage, healthcheck: undefined }))
  return { ...service, model, build: { ...build, dockerfile: { ...build.dockerfile, stages } } }
}

/** Frameworks and libraries that serve health paths of their own, or add a prefix to all. */
const bringsPaths =
  /actuator|terminus|lightship|health|spring|quarkus|micronaut|dropwizard|next|nuxt|nest|django|fastapi|flask-|rails|sinatra|laravel|symfony|prometheus|blacksheep|connexion/i

const unservedPath = (
  { sources, manifests }: ServiceEvidence,
  { path }: ProbeTarget,
): readonly Fact[] | undefined => {
  if (path === undefined || path === '/' || manifests.length === 0) return undefined
  const isBrought = manifests.some(({ dependencies }) =>
    [...dependencies.keys()].some((name) => bringsPaths.test(name)),
  )
  if (isBrought) return undefined
  const served = sources.filter(({ isTest }) => !isTest).flatMap((source) => source.serves)
  const last = path.split('/').findLast((part) => part !== '') ?? ''
  const fits = (one: string) =>
    one.includes(last) ||
    one === '/' ||
    one.includes('*') ||
    // A parameter may be anything; a prefix makes a path longer, never shorter.
    (/[:{<(]/.test(one.split('/').at(-1) ?? '') && one.split('/').length <= path.split('/').length)
  if (served.length < 2 || served.some((one) => fits(one.path))) return undefined
  return served.slice(0, 3).map((one) => factAt(one, `serves ${one.path}`))
}
