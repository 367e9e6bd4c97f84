import { basename } from 'node:path'
import type { Drift, Origin, ServiceSpec, StackSpec } from '@keelson/contract'
import { changesBetween, clauseOf } from '../plan/changes.ts'
import type { Part } from '../plan/parts.ts'
import type { ObservedInstance } from '../runtime.ts'

/** Something that is not as applied; `since` comes with the first look that sees it. */
export type Finding = Omit<Drift, 'since'>

/** The same thing at every look, so that it is announced once. */
export const driftKey = ({ kind, service, instance, file }: Finding): string =>
  [kind, service ?? '', instance ?? '', file ?? ''].join(' ')

const up = 'keelson up'

const finding = (
  kind: Drift['kind'],
  text: string,
  more: { service?: string; instance?: string; file?: string; origin?: Origin; command?: string },
): Finding => {
  const { service = null, instance = null, command = up, file, origin } = more
  return {
    ...{ kind, service, instance, text, command },
    ...(file === undefined ? {} : { file }),
    ...(origin === undefined ? {} : { origin }),
  }
}

/** Files the stack was read from, against what they hold now; null: it cannot be read now. */
export const sourceDrift = (
  stack: StackSpec,
  now: ReadonlyMap<string, { sha256: string | null }>,
): Finding[] =>
  stack.sources.flatMap(({ path, sha256 }) => {
    const found = now.get(path)
    if (found === undefined || found.sha256 === sha256) return []
    const verb = found.sha256 === null ? 'is gone' : 'has changed'
    const text = `${basename(path)} ${verb} since the stack was applied`
    return [finding('source_changed', text, { file: path })]
  })

/** Mounted files, build contexts and images of a service, against how they were applied. */
export const surroundingDrift = (
  stack: StackSpec,
  spec: ServiceSpec,
  applied: readonly Part[],
  now: readonly Part[],
): Finding[] => {
  const seen = new Map(now.map((part) => [`${part.about} ${part.path}`, part]))
  // What cannot be seen now says nothing.
  const both = applied.filter((part) => seen.has(`${part.about} ${part.path}`))
  const theirs = both.flatMap((part) => seen.get(`${part.about} ${part.path}`) ?? [])
  return changesBetween(both, theirs, spec).map((change) => {
    const text = `${spec.name}: ${clauseOf(change, spec, stack.workingDir)}`
    const { file, origin } = change
    return finding(change.about === 'image' ? 'image_changed' : 'file_changed', text, {
      service: spec.name,
      ...(file === undefined ? {} : { file }),
      ...(origin === undefined ? {} : { origin }),
    })
  })
}

/** An instance as keepers and runtimes see it. */
export type SeenInstance = {
  name: string
  service: string
  phase: string
  reason: string
  /** Nothing is on its way: no start, no stop, no update. */
  isSettled: boolean
  /** Somebody ended it around Keelson. */
  isEndedOutside: boolean
  /** Of what runs; null when nothing does. */
  digest: string | null
  revision: number | null
}

/** Instances of a service against what was applied. */
export const instanceDrift = (
  stack: StackSpec,
  spec: ServiceSpec,
  facts: {
    digest: string
    instances: readonly SeenInstance[]
    stoppedBy: string | null
    /** `keelson scale` asks for another number than the file. */
    scaled: { replicas: number; by: string } | null
  },
): Finding[] => {
  const [origin] = spec.origins[''] ?? []
  const of = { service: spec.name, ...(origin === undefined ? {} : { origin }) }
  if (facts.stoppedBy !== null) {
    const text = `${spec.name} was stopped by ${facts.stoppedBy}`
    const command = `keelson start ${stack.name}/${spec.name}`
    return [finding('stopped_by_request', text, { ...of, command })]
  }
  const scaled = facts.scaled === null ? [] : [scaledDrift(spec, facts.scaled, of)]
  const others = facts.instances.flatMap((seen) => {
    const own = { ...of, instance: seen.name }
    if (!seen.isSettled) return []
    if (seen.phase === 'failed' || seen.phase === 'stopped') {
      const kind = seen.isEndedOutside ? 'instance_stopped_outside' : 'instance_missing'
      return [finding(kind, `${seen.name} does not run: ${seen.reason}`, own)]
    }
    if (seen.digest === null || seen.digest === facts.digest) return []
    const from = seen.revision === null ? 'an earlier definition' : `revision ${seen.revision}`
    return [finding('instance_altered', `${seen.name} still runs ${from}`, own)]
  })
  return [...scaled, ...others]
}

const scaledDrift = (
  { name, replicas: written }: ServiceSpec,
  { replicas, by }: { replicas: number; by: string },
  of: { service: string; origin?: Origin },
): Finding => {
  const text = `${name} was scaled to ${replicas} by ${by}; the file says ${written}`
  return finding('scaled_by_request', text, of)
}

/** A running container that somebody changed in place: `docker update`, `docker network`. */
export const alteredDrift = (service: string, instance: string, paths: readonly string[]) =>
  paths.length === 0
    ? []
    : [
        finding(
          'instance_altered',
          `${instance} was changed since it was started: ${paths.join(', ')}`,
          { service, instance, command: `keelson restart ${service}` },
        ),
      ]

/**
 * Containers of the Docker Compose project of a stack that run beside it. They are not Keelson's:
 * what is suggested can be undone (`docker start`).
 */
export const extraDrift = (stack: StackSpec, extras: readonly ObservedInstance[]): Finding[] =>
  extras.map(({ name, service, index, container }) => {
    const known = container?.name ?? name
    const declared = stack.services.find((spec) => spec.name === service)
    const why =
      declared === undefined
        ? `${service} is not in the file`
        : declared.runtime === 'process'
          ? `${service} is a process in the file`
          : index > declared.replicas
            ? `the file asks for ${declared.replicas} of ${service}`
            : `Keelson keeps up ${service} itself`
    const text = `the container ${known} of Docker Compose runs beside the stack: ${why}`
    const command = `docker stop ${known}`
    return finding('instance_extra', text, { service, instance: name, command })
  })
