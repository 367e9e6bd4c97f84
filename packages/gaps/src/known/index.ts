import type { KnownImage } from '../systems/system.ts'
import { applications } from './applications.ts'
import { brokers } from './brokers.ts'
import { caches } from './caches.ts'
import { databases } from './databases.ts'
import type { Entry, Variant } from './entry.ts'
import { exporters } from './exporters.ts'
import { gateways } from './gateways.ts'
import { observability } from './observability.ts'
import { distroless, runtimes } from './runtimes.ts'
import { searchEngines } from './search-engines.ts'
import { tools } from './tools.ts'

/**
 * Public images that people build stacks of. An image is in here with what its Dockerfile says, or
 * its project's documentation where there is none to read; what is not sure is undefined or left
 * out, and makes no finding.
 */
export const knownImages: readonly Entry[] = [
  ...[databases, searchEngines, caches, brokers, gateways].flat(),
  ...[observability, exporters, tools, applications, runtimes].flat(),
]

const byName = new Map(
  knownImages.flatMap((image) => image.names.map((name) => [name, image] as const)),
)

/** Registries that hold the projects' own images, or copies of Docker Hub's. */
const publicRegistries = new Set([
  ...['docker.io', 'index.docker.io', 'registry-1.docker.io', 'mirror.gcr.io', 'quay.io'],
  ...['ghcr.io', 'gcr.io', 'registry.k8s.io', 'k8s.gcr.io', 'mcr.microsoft.com', 'public.ecr.aws'],
  ...['docker.elastic.co', 'docker.redpanda.com', 'cgr.dev', 'lscr.io'],
  ...['cr.weaviate.io', 'docker.dragonflydb.io', 'docker.langfuse.com', 'docker.n8n.io'],
])

/** What is known of an image; of one in a registry of somebody's own, nothing is. */
export const findKnownImage = (
  name: string,
  tag?: string,
  registry = 'docker.io',
): KnownImage | undefined => {
  if (!publicRegistries.has(registry)) return undefined
  const plain = name.replace(/^docker\/library\//, '')
  const isDistroless = registry === 'gcr.io' && name.startsWith('distroless/')
  const entry = isDistroless ? distroless : byName.get(plain)
  if (entry === undefined) return undefined
  const { variants = [], ...image } = entry
  // A tag that is not known may be any of them.
  if (tag === '' && variants.length > 0) return inAny(image, variants)
  const variant = tag === undefined ? undefined : variants.find((one) => one.tag.test(tag))
  if (variant === undefined) return image
  const { tag: _, ...differs } = variant
  const { healthcheck, ...merged } = { ...image, ...differs }
  if (healthcheck === undefined || !canRun(healthcheck, merged)) return merged
  return { ...merged, healthcheck }
}

/** What holds whatever the tag is. */
const inAny = (image: KnownImage, variants: readonly Variant[]): KnownImage => {
  const all = variants.map(({ has = image.has }) => has)
  const has = image.has.filter((program) => all.every((programs) => programs.includes(program)))
  const { healthcheck, ...rest } = image
  const differs = variants.some((one) => one.healthcheck !== undefined)
  const plain = { ...rest, has, lacks: [] }
  return healthcheck === undefined || differs ? plain : { ...plain, healthcheck }
}

/** A variant may lack the program that the image's usual check asks with. */
const canRun = (healthcheck: readonly string[], { lacks }: Pick<KnownImage, 'lacks'>): boolean => {
  if (healthcheck[0] === 'CMD-SHELL' && lacks.includes('sh')) return false
  const words = healthcheck.join(' ').split(/[^\w.-]+/)
  return !lacks.some((program) => program !== 'sh' && words.includes(program))
}
