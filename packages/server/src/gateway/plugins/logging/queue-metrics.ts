import type { PluginHost } from '../plugin.ts'

type Counted = {
  readonly name: string
  readonly sent: number
  readonly lost: number
  readonly count: number
}
type Member = { plugin: string; id: string; queue: Counted }

/** The queues of one gateway; by what all its plugins have in common. */
const queuesByHost = new WeakMap<object, Set<Member>>()

/** Puts a queue among those that metrics tell of; what it gives takes it out again. */
export const countQueue = ({ counters, entity }: PluginHost, queue: Counted): (() => void) => {
  const queues = queuesByHost.get(counters) ?? new Set()
  queuesByHost.set(counters, queues)
  const member: Member = { plugin: entity.name, id: entity.id, queue }
  queues.add(member)
  return () => void queues.delete(member)
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')

/**
 * Prometheus lines of all queues of the gateway. A metric may be described only once, so the first
 * queue speaks for all, and every other one has nothing to say.
 */
export const queueMetrics = ({ counters }: PluginHost, queue: Counted): string => {
  const queues = [...(queuesByHost.get(counters) ?? [])]
  if (queues[0]?.queue !== queue) return ''
  const entries = 'keelson_gateway_log_entries_total'
  const waiting = 'keelson_gateway_log_entries_waiting'
  let text = `# HELP ${entries} Log entries and spans that arrived or were lost.\n# TYPE ${entries} counter\n`
  for (const member of queues) {
    text += `${entries}{${labelsOf(member)},outcome="sent"} ${member.queue.sent}\n`
    text += `${entries}{${labelsOf(member)},outcome="lost"} ${member.queue.lost}\n`
  }
  text += `# HELP ${waiting} Log entries and spans that wait to be sent.\n# TYPE ${waiting} gauge\n`
  for (const member of queues) {
    text += `${waiting}{${labelsOf(member)}} ${member.queue.count}\n`
  }
  return text
}

const labelsOf = ({ plugin, id, queue }: Member): string =>
  `plugin="${escaped(plugin)}",id="${escaped(id)}",queue="${queue.name}"`
