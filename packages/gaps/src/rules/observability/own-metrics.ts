import { factAt, type Place } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Found } from '../rule.ts'

/** Names that libraries make by themselves under the same first word. */
const ofLibraries =
  /^(?:http|https|grpc|rpc|process|nodejs|node|python|go|jvm|dotnet|aspnetcore|system|db|sql|redis|pg|kafka|amqp|promhttp|executor|logback|tomcat|hikaricp|cache|up|scrape)_?/

/** What client libraries put behind the name of a histogram, a summary or a counter. */
const parts = /_(?:bucket|sum|count|total|created|info)$/

/** The metrics that code of the stack defines, as they are exposed. */
const definedIn = (system: System) =>
  [...[...system.services.values()].flatMap(({ sources }) => sources), ...system.sources].flatMap(
    ({ metrics, isTest }) => (isTest ? [] : metrics),
  )

const plain = (name: string): string => name.replace(parts, '')
const firstWord = (name: string): string => name.split(/[_:]/)[0] ?? ''

/**
 * A rule or a dashboard asks for a metric under a name that code of the stack uses for its own
 * (`shop_…`), and no code defines it: it was renamed, or never written.
 */
export function* unknownOwnMetrics(system: System): Generator<Found> {
  const defined = definedIn(system)
  const names = new Set(defined.flatMap(({ name }) => [name, plain(name)]))
  const own = new Map(defined.map((metric) => [firstWord(metric.name), metric]))
  const recorded = new Set(
    system.alerting.rules.flatMap(({ kind, name }) => (kind === 'record' ? [name] : [])),
  )
  const witnessOf = (metric: string) =>
    ofLibraries.test(metric) ||
    recorded.has(metric) ||
    names.has(metric) ||
    names.has(plain(metric))
      ? undefined
      : own.get(firstWord(metric))
  for (const { name, metrics, by, ...at } of system.alerting.rules) {
    for (const metric of by === undefined ? [] : metrics) {
      const witness = witnessOf(metric)
      if (witness !== undefined) yield unknown(`The rule ${name}`, metric, at, witness)
    }
  }
  for (const { title, metrics, by } of system.dashboards) {
    for (const { name: metric, ...at } of by === undefined ? [] : metrics) {
      const witness = witnessOf(metric)
      if (witness !== undefined) yield unknown(`The dashboard ${title}`, metric, at, witness)
    }
  }
}

const unknown = (
  what: string,
  metric: string,
  at: Place,
  witness: Place & { name: string },
): Found => ({
  message: `${what} asks for ${metric}, which no code here makes`,
  evidence: [
    factAt({ file: at.file, line: at.line, column: at.column }, metric),
    factAt(
      { file: witness.file, line: witness.line, column: witness.column },
      `${witness.name} is made here, and no ${metric} anywhere`,
    ),
  ],
  fix: `Ask for a metric that the code makes, or make ${metric}`,
  subject: `${what} ${metric}`,
})
