// Counters, gauges and histograms in the shape of prom-client, told in Prometheus' text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/

/** More series than this of one metric are a label that should not be one. */
const seriesMax = 1000
const all = new Map()

const escaped = (value) =>
  String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const labelsOf = (labels) =>
  Object.entries(labels)
    .map(([key, value]) => `${key}="${escaped(value)}"`)
    .join(',')

class Metric {
  constructor(type, { name, help }) {
    if (all.has(name)) throw new Error(`There is a metric ${name} already`)
    Object.assign(this, { type, name, help, series: new Map() })
    all.set(name, this)
  }

  /** The series of these labels; what is beyond the bound is counted as `overflow`. */
  at(labels, first) {
    const key = labelsOf(labels)
    const known = this.series.get(key)
    if (known !== undefined) return known
    const isFull = this.series.size >= seriesMax
    if (isFull && !('overflow' in labels)) return this.at({ overflow: 'true' }, first)
    const made = first()
    this.series.set(key, made)
    return made
  }

  lines() {
    return [...this.series].map(
      ([labels, { value }]) => `${this.name}${labels === '' ? '' : `{${labels}}`} ${value}`,
    )
  }
}

const zero = () => ({ value: 0 })

/** Counts what happened; ends in `_total`. */
export class Counter extends Metric {
  constructor(options) {
    super('counter', options)
    if (options.labelled !== true) this.at({}, zero)
  }
  inc(labels = {}, by = 1) {
    this.at(labels, zero).value += by
  }
}

/** Tells how much there is; `collect` may read it when it is asked for. */
export class Gauge extends Metric {
  constructor(options) {
    super('gauge', options)
    this.collect = options.collect
  }
  set(value, labels = {}) {
    this.at(labels, zero).value = value
  }
  /** Forgets every series, before those that are left are set anew. */
  reset() {
    this.series.clear()
  }
}

const secondsOfAnswers = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Counts values by size; `buckets` are upper bounds, ascending, in the unit of the name. */
export class Histogram extends Metric {
  constructor(options) {
    super('histogram', options)
    this.buckets = options.buckets ?? secondsOfAnswers
  }
  observe(value, labels = {}) {
    const first = () => ({ labels, sum: 0, count: 0, counts: this.buckets.map(() => 0) })
    const one = this.at(labels, first)
    one.sum += value
    one.count += 1
    for (const [index, bound] of this.buckets.entries()) if (value <= bound) one.counts[index] += 1
  }
  lines() {
    return [...this.series.values()].flatMap(({ labels, sum, count, counts }) => {
      const own = labelsOf(labels)
      const braces = own === '' ? '' : `{${own}}`
      const bucket = (bound, value) =>
        `${this.name}_bucket{${own === '' ? '' : `${own},`}le="${bound}"} ${value}`
      return [
        ...this.buckets.map((bound, index) => bucket(bound, counts[index])),
        bucket('+Inf', count),
        `${this.name}_sum${braces} ${sum}`,
        `${this.name}_count${braces} ${count}`,
      ]
    })
  }
}

/** All metrics of this process as text. */
export const exposeMetrics = async () => {
  for (const metric of all.values()) {
    try {
      await metric.collect?.(metric)
    } catch {
      // What cannot be read now is left out, rather than told as it was.
      metric.reset()
    }
  }
  const texts = [...all.values()].map((metric) =>
    [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...metric.lines(),
    ].join('\n'),
  )
  return `${texts.join('\n')}\n`
}
