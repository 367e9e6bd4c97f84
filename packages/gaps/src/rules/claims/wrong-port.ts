import { posix } from 'node:path'
import { factAt } from '../../place.ts'
import type { DocumentEvidence, ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import {
  allServices,
  claimsOf,
  findService,
  isAboutAll,
  isOtherWay,
  type ClaimOf,
} from './documents.ts'
import { listsOf } from './lists.ts'

/** A document gives a service a port that it has not, or an address at which nothing is published. */
export const wrongPort: Rule = {
  id: 'claims/wrong-port',
  title: 'Documented port is not so',
  // What a document means by it, and where its reader is by then, is seldom sure.
  severity: 'info',
  why: `The first thing that somebody new does is open the address in the README. "Connection refused" there
costs an hour, and ends with a port opened that should not be.`,
  joins: ['documents', 'compose ports', 'ports that services listen on'],
  fix: 'Correct the address, or publish the port.',
  *find(system) {
    const services = allServices(system)
    if ([...services.values()].some(isUnclear)) return
    yield* inTables(system, services)
    yield* inAddresses(system, services)
  },
  examples: [
    {
      title: 'an address that moved, and a table that did not',
      files: {
        'compose.yaml':
          'services:\n  web:\n    image: nginx:1.27\n    ports: ["8081:80"]\n  cart:\n    image: a:1\n    ports: ["7001:7001"]\n  user:\n    image: a:1\n    ports: ["7002:7002"]\n',
        'README.md':
          '# Shop\n\n```sh\ndocker compose up\n```\n\nOpen http://localhost:8080 in your browser.\n\n## Services\n\n| Service | Port |\n|---|---|\n| web | 8081 |\n| cart | 7001 |\n| user | 7003 |\n',
      },
      finds: [
        { service: '-', says: 'http://localhost:8080' },
        { service: 'user', says: 'gives user port 7003' },
      ],
    },
    {
      title: 'in a README of three lines, beside the stack',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n    ports: ["8000:80"]\n',
        'README.md': '# Shop\n\nThe shop is at http://localhost:8080.\n',
      },
      finds: [{ service: '-', says: 'http://localhost:8080' }],
    },
    {
      title: 'a README that says another way to start it, and a stack that publishes nothing',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n    ports: ["8000:80"]\n',
        'README.md': '# Shop\n\n```sh\nnpm start\n```\n\nThe shop is at http://localhost:8080.\n',
        'db/compose.yaml': 'services:\n  db:\n    image: postgres:17\n',
        'db/README.md': '# Shop\n\nThe shop is at http://localhost:8080.\n',
      },
      finds: [],
    },
    {
      title: 'a route of its own platform, and a port of a process',
      files: {
        'compose.yaml': `services:
  web:
    image: nginx:1.27
    ports: ["8081:80"]
`,
        'compose.processes.yaml': `services:
  web:
    command: nginx -p . -c nginx.conf
    x-keelson: { runtime: process, port: 28080, route: /shop }
`,
        'README.md':
          '# Shop\n\n```sh\ndocker compose up\n```\n\nOpen http://localhost:8081. As processes it is at http://127.0.0.1:8080/shop/ and http://127.0.0.1:28080.\n',
      },
      finds: [],
    },
    {
      title: 'asked inside of the container, and published by what the README says to write',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'README.md':
          '# Shop\n\nHealth check: `curl -f http://localhost:9390/health` every 10 s.\n\n```sh\ntee compose.override.yaml <<EOF\nservices: { web: { ports: ["8000:80"] } }\nEOF\ndocker compose up\n```\n\nOpen http://localhost:8000.\n',
      },
      finds: [],
    },
    {
      title: 'another stack of the same folder, and a port that the reader chooses',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n    ports: ["8081:80"]\n',
        'demo.yml': 'services:\n  web:\n    image: nginx:1.27\n    ports: ["9000:80"]\n',
        'docs/demo.md':
          '# Demo\n\n```sh\ndocker compose -f demo.yml up\n```\n\nOpen http://localhost:9000.\n',
        'README.md':
          '# Shop\n\n```sh\nHTTP_PORT=8443 docker compose up\n```\n\nOpen http://localhost:8443.\n',
      },
      finds: [],
    },
    {
      title: 'a port that a variable gives, which nobody sets',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n    ports: ["${WEB_PORT}:80"]\n',
        'README.md': '# Shop\n\n```sh\ndocker compose up\n```\n\nOpen http://localhost:3001.\n',
      },
      finds: [],
    },
    {
      title: 'other ways to run it',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n    ports: ["8081:80"]\n',
        'README.md':
          '# Shop\n\nRun `docker compose up` and open http://localhost:8081/x.\n\n## Kubernetes\n\nOpen http://localhost:9999.\n\n## Development\n\n```sh\nnpm run dev\n```\n\nOpen http://localhost:5173.\n',
      },
      finds: [],
    },
  ],
}

/** Its ports are not all known: the host's network, a port of a variable, any port. */
const isUnclear = ({ model, isUnset }: ServiceEvidence): boolean =>
  model.networkMode === 'host' ||
  (model.ports.length > 0 && isUnset('ports')) ||
  model.ports.some(
    (_port, index) =>
      isUnset('ports', String(index)) || isUnset('ports', String(index), 'published'),
  )

const publishedBy = ({ model }: ServiceEvidence): [number, number][] =>
  model.ports.map(({ published, target }) => {
    const [from = '', to = from] = (published ?? '').split('-')
    return from === '' ? [target, target] : [Number(from), Number(to)]
  })

const isPublished = (services: ReadonlyMap<string, ServiceEvidence>, port: number): boolean =>
  [...services.values()].some((service) =>
    publishedBy(service).some(([from, to]) => port >= from && port <= to),
  )

const portsOf = (service: ServiceEvidence): number[] => [
  ...service.model.ports.map(({ target }) => target),
  ...publishedBy(service).flat(),
  ...service.serves.map(({ port }) => port),
  ...service.model.expose.map((text) => Number.parseInt(text, 10)),
  ...[...service.environment.values()].flatMap(({ value }) =>
    /^\d{2,5}$/.test(value ?? '') ? [Number(value)] : [],
  ),
]

function* inTables(
  system: System,
  services: ReadonlyMap<string, ServiceEvidence>,
): Generator<Found> {
  const files = new Set(listsOf(system).map(({ at }) => at.file))
  for (const { document, claim } of claimsOf(system, 'port')) {
    if (claim.service === undefined || !files.has(document.file) || !isAboutAll(document, system))
      continue
    const service = findService(services, claim.service)
    const own = service === undefined ? [] : portsOf(service)
    if (service === undefined || own.length === 0 || own.includes(claim.port)) continue
    yield {
      service: service.name,
      message: `${document.file} gives ${service.name} port ${claim.port}, and it has ${[...new Set(own)].slice(0, 3).join(', ')}`,
      evidence: [
        factAt(claim, `port ${claim.port}`),
        factAt(service.place('ports'), `ports ${[...new Set(own)].slice(0, 5).join(', ')}`),
      ],
      fix: `Write ${own[0]} for ${service.name} in ${document.file}`,
      subject: `${claim.port}`,
    }
  }
}

/** Only of documents that say to start it with compose, and not in sections about other ways. */
function* inAddresses(
  system: System,
  services: ReadonlyMap<string, ServiceEvidence>,
): Generator<Found> {
  const told = new Set<string>()
  for (const { document, claim } of claimsOf(system, 'url')) {
    const { port, section, text } = claim
    if (port === undefined || !isAboutAll(document, system) || isOtherWay(section)) continue
    if (isOfOtherFiles(document.claims, system) || isChosen(document.claims, port)) continue
    if (isOfKeelson(system, claim)) continue
    const isOfStack = startsWithCompose(document.claims, section) || isAllThereIs(document, system)
    if (!isOfStack || isPublished(services, port)) continue
    // Another command of the section opens it: `npm run dev`, `kubectl port-forward`, `docker run -p`,
    // or writes an override that does.
    if (opensPorts(document.claims, section) || told.has(`${document.file}:${port}`)) continue
    told.add(`${document.file}:${port}`)
    const inside = [...services.values()].find((service) => portsOf(service).includes(port))
    yield {
      ...(inside === undefined ? {} : { service: inside.name }),
      message:
        inside === undefined
          ? `${document.file} says ${text}, and no service publishes port ${port}`
          : `${document.file} says ${text}, and ${inside.name} does not publish its port ${port}`,
      evidence: [
        factAt(claim, text),
        factAt(inside?.place('ports') ?? system.place('services'), `port ${port} is not published`),
      ],
      fix:
        inside === undefined
          ? `Correct the address in ${document.file}`
          : `Publish it ("${port}:${port}"), or correct the address`,
      subject: `${document.file} ${port}`,
    }
  }
}

/** Where `keelson up` puts it: behind a route of its gateway, or on the port of a plain process. */
const isOfKeelson = (system: System, { port, path }: ClaimOf<'url'>): boolean =>
  system
    .readings()
    .flatMap(({ services }) => [...services.values()])
    .some(
      ({ model }) =>
        (model.runtime === 'process' && model.xKeelson.port?.number === port) ||
        (port === keelsonGatewayPort &&
          model.xKeelson.routes.some((route) => path.startsWith(route.path))),
    )

/** The default of KEELSON_GATEWAY_PORT. */
const keelsonGatewayPort = 8080

/** It starts another stack: `docker compose -f demo.yml up`. */
const isOfOtherFiles = (claims: Claims, system: System): boolean => {
  const read = new Set(
    system.readings().flatMap(({ files }) => files.map((file) => posix.basename(file))),
  )
  return claims.some(
    (claim) =>
      claim.kind === 'command' &&
      /^docker(?:-| )compose\b/.test(claim.text) &&
      [...claim.text.matchAll(/\s(?:-f|--file)[ =](\S{1,200})/g)].some(
        ([, file = '']) => !read.has(posix.basename(file)),
      ),
  )
}

/** `HTTPS_PORT=4443 docker compose up`: whoever follows the document has chosen it. */
const isChosen = (claims: Claims, port: number): boolean =>
  claims.some(
    ({ kind, text }) =>
      (kind === 'command' || kind === 'variable') && new RegExp(`[=:]"?${port}(?!\\d)`).test(text),
  )

type Claims = System['documents'][number]['claims']

const startsWithCompose = (claims: Claims, section: string | undefined): boolean =>
  claims.some(
    (claim) =>
      claim.kind === 'command' &&
      /^docker(?:-| )compose\b.*\bup\b/.test(claim.text) &&
      top(claim.section) === top(section),
  )

/** A README without a command: what it says is of the stack beside it, which is all there is to start. */
const isAllThereIs = (
  { file, isReadme, claims }: DocumentEvidence,
  { folder, services }: System,
): boolean =>
  isReadme &&
  (file.includes('/') ? posix.dirname(file) : '') === folder &&
  !claims.some(({ kind }) => kind === 'command') &&
  [...services.values()].some(({ model }) =>
    model.ports.some(({ published }) => published !== undefined),
  )
/** Sections below one heading of the second level belong together; a README has one of the first. */
const top = (section: string | undefined): string =>
  (section ?? '').split(' > ').slice(0, 1).join(' > ')

const opensPorts = (claims: Claims, section: string | undefined): boolean =>
  claims.some(
    (claim) =>
      claim.kind === 'command' &&
      claim.section === section &&
      /^tee .*override\.ya?ml|^(?:npm|yarn|pnpm|npx|kubectl|minikube|helm|docker run|mvn|\.\/mvnw|gradle|\.\/gradlew|go run|python3?|uvicorn|flask|dotnet|ssh|make|cargo|php|rails|bundle)\b/.test(
        claim.text,
      ),
  )
