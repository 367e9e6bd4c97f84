import type { Edit } from '../../fix/edit.ts'
import { factAt } from '../../place.ts'
import type { KnownImage, ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'
import { isJob } from '../health/checks.ts'

const hungry = new Set(['database', 'search', 'broker', 'cache'])

/** What takes all the memory it can get has no limit. */
export const memoryLimit: Rule = {
  id: 'resilience/memory-limit',
  title: 'No memory limit',
  severity: 'info',
  why: `Databases, search engines and Java programs size their caches by the memory they see. Without a limit
that is the whole machine, several times over, and the kernel ends whatever it likes best: often the database.`,
  joins: ['deploy.resources.limits', 'mem_limit', 'known images', 'base of the Dockerfile'],
  fix: 'Set `deploy.resources.limits.memory` (or `mem_limit`).',
  fixable: 'when asked',
  caution:
    'limits are generous defaults (4 GB for databases and search engines, 2 GB for others); set what fits.',
  *find(system) {
    if (isForTests(system)) return
    for (const service of system.services.values()) {
      const { name, model, at, image } = service
      if (model.limits.memoryBytes !== undefined || isJob(service, system)) continue
      const why = appetiteOf(service)
      if (why === undefined || image === undefined || model.runtime === 'process') continue
      yield {
        service: name,
        message: `${name} has no memory limit, and ${why}`,
        evidence: [factAt(at, 'no memory limit'), factAt(image.at, image.name)],
        fix: `Add deploy: { resources: { limits: { memory: ${usualLimitOf(image)} } } }, or a figure that fits better`,
        subject: 'memory',
        edits: [limitOf(service, system)],
      }
    }
  },
  examples: [
    {
      title: 'a search engine and a Java service',
      files: {
        'compose.yaml': `services:
  search: { image: "elasticsearch:8.19.0" }
  api: { build: . }
`,
        Dockerfile: 'FROM eclipse-temurin:21-jre\nCMD ["java", "-jar", "/app.jar"]\n',
      },
      finds: [
        { service: 'search', says: 'no memory limit' },
        { service: 'api', says: 'Java' },
      ],
    },
    {
      title: 'a limit in either form, and a service of which nothing is known',
      files: {
        'compose.yaml': `services:
  a: { image: "postgres:17", mem_limit: 1g }
  b: { image: "postgres:17", deploy: { resources: { limits: { memory: 1G } } } }
  c: { image: "example/c:1" }
`,
      },
      finds: [],
    },
  ],
}

const javaImages = new Set(['eclipse-temurin', 'openjdk', 'amazoncorretto', 'maven', 'gradle'])

const appetiteOf = ({ image, build }: ServiceEvidence): string | undefined => {
  if (image === undefined) return undefined
  if (javaImages.has(image.name)) return 'Java takes a quarter of the machine for its heap'
  const kind = image.known?.kind
  return kind !== undefined && hungry.has(kind) && build === undefined
    ? `a ${kind} takes what it can get`
    : undefined
}

/**
 * Generous on a machine of 16 GB: it is there to end a leak, not to size a service. Everything else
 * gets 2 GB, of which Java takes a quarter for its heap.
 */
const usualLimits: Partial<Record<KnownImage['kind'], string>> = {
  ...{ database: '4G', search: '4G', broker: '2G', cache: '2G' },
}

const usualLimitOf = (image: ServiceEvidence['image']): string =>
  usualLimits[image?.known?.kind ?? 'other'] ?? '2G'

/** In the form that other services of the stack have their limit in. */
const limitOf = ({ name, at, image }: ServiceEvidence, { services }: System): Edit => {
  const value = usualLimitOf(image)
  const isShort = [...services.values()].some(({ isWritten }) => isWritten('mem_limit'))
  const keys = isShort ? ['mem_limit'] : ['deploy', 'resources', 'limits', 'memory']
  const edit = { kind: 'set' as const, file: at.file, keys: ['services', name, ...keys] }
  return { ...edit, value: isShort ? value.toLowerCase() : value }
}
