import type { Node } from '@vscode/tree-sitter-wasm'
import { scripts, type Looking, type Probe } from './probe.ts'
import { callOf, parentsOf, placeOf, stringText, valueOfKey } from './syntax.ts'

const metricName = /^[a-zA-Z_:][\w:.]{1,200}$/

/** Under the name that it is exposed by. */
const add = ({ file, found }: Looking, node: Node, name: string | undefined): void => {
  if (name !== undefined && metricName.test(name)) {
    found.metrics.push({ ...placeOf(file, node), name: name.replaceAll('.', '_') })
  }
}

const lookAtScript = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call?.node.type !== 'new_expression') return
  // A name with a help text is a metric of Prometheus, whosever class it is.
  const isMetric =
    looking.text.includes('prom-client') || valueOfKey(call.args[0], 'help') !== undefined
  if (isMetric) add(looking, call.node, stringText(valueOfKey(call.args[0], 'name')))
}

/** The client appends `_total` to counters that lack it, `_info` to infos. */
const lookAtPython = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  const name = stringText(call?.args[0] ?? call?.named.get('name'))
  if (call === undefined || name === undefined) return
  // A name with underscores and a help text is a metric of Prometheus, whosever class it is.
  const isOwn =
    /^(?:Counter|Gauge|Histogram|Summary)$/.test(call.name) &&
    name.includes('_') &&
    stringText(call.args[1])?.includes(' ') === true
  if (!isOwn && !looking.text.includes('prometheus_client')) return
  const suffix = call.name === 'Counter' ? '_total' : call.name === 'Info' ? '_info' : ''
  add(looking, call.node, name.endsWith(suffix) ? name : name + suffix)
}

/** Micrometer's names get their unit: counters `_total`, timers `_seconds`. */
const lookAtJava = (word: Node, looking: Looking): void => {
  if (!looking.text.includes('micrometer')) return
  const call = callOf(word)
  const name = stringText(call?.args[0]) ?? stringText(call?.named.get('value'))
  if (call === undefined || name === undefined) return
  const kind = /counter/i.test(call.callee) ? '_total' : /time/i.test(call.callee) ? '_seconds' : ''
  add(looking, call.node, name.replace(/[.-]/g, '_') + (name.endsWith(kind) ? '' : kind))
}

const lookAtGo = (word: Node, looking: Looking): void => {
  const literal = [...parentsOf(word, 3)].find(({ type }) => type === 'composite_literal')
  const body = literal?.childForFieldName('body') ?? undefined
  if (literal === undefined || body === undefined) return
  const parts = ['Namespace', 'Subsystem', 'Name'].map((key) => {
    const value = valueOfKey(body, key)
    return value === undefined ? '' : (stringText(value) ?? '?')
  })
  add(looking, literal, parts.filter((part) => part !== '').join('_'))
}

const lookAtCsharp = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call !== undefined) add(looking, call.node, stringText(call.args[0]))
}

export const metricProbes: readonly Probe[] = [
  {
    languages: scripts,
    word: /\b(?:Counter|Gauge|Histogram|Summary)\b(?=(?:<[^()\n]{0,100}>)?\()/g,
    look: lookAtScript,
  },
  {
    languages: ['python'],
    word: /\b(?:Counter|Gauge|Histogram|Summary|Info|Enum)\b(?=\()/g,
    look: lookAtPython,
  },
  {
    languages: ['java'],
    word: /(?:\b(?:Counter|Timer|Gauge|DistributionSummary)\.builder|@Timed|@Counted|[rR]egistry\.(?:counter|timer|gauge|summary))\b(?=\()/g,
    look: lookAtJava,
  },
  { languages: ['go'], word: /\b(?:Counter|Gauge|Histogram|Summary)Opts\b(?=\{)/g, look: lookAtGo },
  {
    languages: ['csharp'],
    word: /\bMetrics\.Create(?:Counter|Gauge|Histogram|Summary)\b(?=\()/g,
    look: lookAtCsharp,
  },
]
