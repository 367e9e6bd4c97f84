import type { ServiceSummary, TimelineEntry, Why } from '@keelson/contract'
import { systemActor, type Actor } from '../kernel/actor.ts'
import { mayReadService, type Registry, type ServiceDeclaration } from '../registry/index.ts'
import type { Health } from './health.ts'
import { describeService } from './views.ts'

/**
 * Why a service is in its state: down its dependencies to the one that has a reason of its own, or to
 * the last one that may be seen.
 */
export const explainService = (
  service: ServiceDeclaration,
  known: { registry: Registry; health: Health },
  events: readonly TimelineEntry[],
  now: Date,
  actor: Actor = systemActor,
): Why => {
  const summary = describeService(service, known, actor)
  const whole = chainTo(service, summary.cause?.service, known)
  const hidden = whole.findIndex(({ id }) => !mayReadService(actor, known.registry, id))
  const chain = whole
    .slice(0, hidden === -1 ? whole.length : hidden)
    .map((one) => describeService(one, known, actor))
  const root = chain.at(-1) ?? summary
  return {
    service: summary,
    sentences: [...tell(summary, root, events, now), ...placeOf(service)],
    chain,
    events: [...events],
    suggestion: suggest(root),
  }
}

const placeOf = ({ spec }: ServiceDeclaration): string[] => {
  const [origin] = spec.origins[''] ?? []
  return origin === undefined ? [] : [`It is declared at ${origin.file}:${origin.line}.`]
}

/** The shortest way along dependencies from a service to its root; only itself without a cause. */
const chainTo = (
  service: ServiceDeclaration,
  root: string | undefined,
  known: { registry: Registry; health: Health },
): ServiceDeclaration[] => {
  const { registry } = known
  const previous = new Map<string, string | null>([[service.id, null]])
  const queue = [service.id]
  for (let id = queue.shift(); id !== undefined && id !== root; id = queue.shift()) {
    const declaration = registry.findService(id)
    for (const { service: name } of declaration?.spec.dependsOn ?? []) {
      const next = `${service.stack}/${name}`
      if (previous.has(next)) continue
      previous.set(next, id)
      queue.push(next)
    }
  }
  const path: string[] = []
  const end = root !== undefined && previous.has(root) ? root : service.id
  for (let id: string | null = end; id !== null; id = previous.get(id) ?? null) path.unshift(id)
  return path
    .map((id) => registry.findService(id))
    .filter((declaration) => declaration !== undefined)
}

const tell = (
  summary: ServiceSummary,
  root: ServiceSummary,
  events: readonly TimelineEntry[],
  now: Date,
): string[] => {
  const sentences = [
    `${summary.name} is ${summary.state}${clause(summary.reason)}, for ${ago(summary.since, now)}.`,
  ]
  if (root.id !== summary.id) {
    sentences.push(
      `It depends on ${root.name}, which is ${root.state}${clause(root.reason)}, for ${ago(root.since, now)}.`,
    )
  }
  const trouble = events.find(({ severity }) => severity === 'bad')
  if (trouble !== undefined) {
    const when = ago(trouble.at, now)
    sentences.push(
      summary.state === 'healthy'
        ? `The last trouble was ${when} ago: ${trouble.text}.`
        : `It began ${when} ago: ${trouble.text}.`,
    )
  }
  const update = events.find(({ type }) => type === 'rollout.ended')
  if (update !== undefined && update !== trouble && update.severity !== 'good') {
    sentences.push(`Its last update did not succeed, ${ago(update.at, now)} ago: ${update.text}.`)
  }
  if (root.restarts > 0) {
    sentences.push(
      `${root.name} was restarted ${root.restarts} time${root.restarts === 1 ? '' : 's'}.`,
    )
  }
  return sentences
}

const clause = (reason: string): string => (reason === '' ? '' : ` (${reason})`)

const ago = (at: string, now: Date): string => {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

const suggest = (root: ServiceSummary): Why['suggestion'] => {
  const name = `${root.stack}/${root.name}`
  switch (root.state) {
    case 'healthy':
    case 'stopped':
      return null
    case 'starting':
      return { text: 'See what it says while it starts', command: `keelson logs -f ${name}` }
    case 'unknown':
      return { text: 'Check the parts of Keelson itself', command: 'keelson doctor' }
    case 'degraded':
    case 'unhealthy':
      return { text: 'Read its last words, then start it anew', command: `keelson restart ${name}` }
  }
}
