import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isJob } from '../health/checks.ts'

const wanted = new Set(['database', 'cache', 'broker', 'search', 'object store'])

/** A store that runs for nobody. */
export const unusedService: Rule = {
  id: 'missing/unused-service',
  title: 'Store that nobody uses',
  severity: 'info',
  why: `A database or a broker that was planned for, or that the last user of was taken out: it holds memory,
wants updates and backups, and makes the picture of the system untrue.`,
  joins: [
    'known images',
    'depends_on',
    'environment',
    'command',
    'contacts in code and configuration',
  ],
  fix: 'Connect somebody to it, or take it out.',
  *find(system) {
    const all = [...system.services.values()]
    // What code says that cannot be read is not known.
    if (all.some((service) => isClosed(service))) return
    for (const service of all) {
      const kind = service.image?.known?.kind
      if (kind === undefined || !wanted.has(kind) || service.build !== undefined) continue
      if (isJob(service, system) || isUsed(service, system)) continue
      const { name, at, image } = service
      yield {
        service: name,
        message: `${name} is a ${kind}, and no other service names it`,
        evidence: [
          factAt(at, `${image?.name ?? ''} runs`),
          factAt(
            system.place('services'),
            `none of the other ${all.length - 1} services names ${name}`,
          ),
        ],
        fix: `Connect a service to ${name}, or take it out`,
        subject: 'unused',
      }
    }
  },
  examples: [
    {
      title: 'a broker for nobody',
      files: {
        'compose.yaml': `services:
  api:
    image: adminer:5
    environment: { ADMINER_DEFAULT_SERVER: db }
  db: { image: "postgres:17" }
  queue: { image: "rabbitmq:4" }
`,
      },
      finds: [{ service: 'queue', says: 'no other service names it' }],
    },
    {
      title: 'named by a variable, published, or used by code that is not here',
      files: {
        'compose.yaml': `services:
  api:
    image: adminer:5
    environment: { ADMINER_DEFAULT_SERVER: db }
  db: { image: "postgres:17" }
  cache: { image: "redis:7", ports: ["6379:6379"] }
`,
        'other/compose.yaml': `services:
  api: { image: "example/api:1" }
  queue: { image: "rabbitmq:4" }
`,
      },
      finds: [],
    },
  ],
}

/** Does it run code that nobody here reads? That may name a store. */
const isClosed = ({ image, build, sources }: ServiceEvidence): boolean =>
  build === undefined
    ? image?.known === undefined
    : sources.length === 0 || sources.some(({ readsOthers }) => readsOthers === true)

const isUsed = (service: ServiceEvidence, system: System): boolean => {
  const { name, model } = service
  if (model.ports.length > 0 || model.networkMode !== undefined) return true
  const names = [name, model.containerName, model.hostname, ...aliasesOf(service)]
  const own = names.filter((one) => one !== undefined)
  const hosts = [
    ...system.sources.flatMap(({ contacts }) => contacts),
    ...[...system.services.values()]
      .flatMap(({ sources }) => sources)
      .flatMap(({ contacts }) => contacts),
    ...system.contacts,
    ...system.routes.flatMap(({ upstreams }) => upstreams),
    ...system.scrapes.flatMap(({ targets }) => targets),
    ...system.collectors.flatMap(({ exports }) => exports),
  ].map(({ host }) => host ?? '')
  if (own.some((one) => hosts.includes(one))) return true
  return [...system.services.values()].some((other) => other.name !== name && namesIt(other, own))
}

const aliasesOf = ({ model }: ServiceEvidence): readonly string[] =>
  Object.values(model.networks).flatMap(({ aliases }) => aliases)

const namesIt = (
  { model, environment, build }: ServiceEvidence,
  names: readonly string[],
): boolean => {
  const texts = [
    ...Object.keys(model.dependsOn),
    ...[...environment.values()].map(({ value }) => value ?? '*'),
    ...[...(model.command ?? []), ...(model.entrypoint ?? []), ...model.links],
    ...(model.healthcheck?.test ?? []),
    ...Object.values(model.labels),
    ...[...(build?.args.values() ?? [])].map((value) => value ?? '*'),
  ]
  // A value that is not known may be its name; a mounted configuration may hold it.
  return (
    texts.some((text) => text === '*' || names.some((name) => text.includes(name))) ||
    model.volumes.some(({ type }) => type === 'bind') ||
    model.envFiles.length > 0 ||
    model.configs.length > 0
  )
}
