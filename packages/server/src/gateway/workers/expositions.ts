/** Metrics that say how something is, of which each worker has its own view: the highest counts. */
const views = new Set(['kong_node_info', 'kong_datastore_reachable', 'kong_upstream_target_health'])

type Family = { head: string[]; type: string; samples: Map<string, number> }

/**
 * Prometheus texts of workers as one: what has the same name and labels is added up. The text is
 * one that a proxy writes: `# HELP` and `# TYPE` before the samples, no timestamps.
 */
export const mergeExpositions = (texts: readonly string[]): string => textOf(readFamilies(texts))

/** What goes on counting after its worker is gone: not what there is at the moment. */
export const countersOf = (text: string): string =>
  textOf(new Map([...readFamilies([text])].filter(([, { type }]) => type !== 'gauge')))

const readFamilies = (texts: readonly string[]): Map<string, Family> => {
  const families = new Map<string, Family>()
  for (const text of texts) {
    let name = ''
    let family: Family = { head: [], type: 'untyped', samples: new Map() }
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (line.startsWith('# ')) {
        const [, kind, of = '', type = ''] = line.split(' ')
        if (of !== name) {
          name = of
          family = families.get(of) ?? { head: [], type: 'untyped', samples: new Map() }
          families.set(of, family)
        }
        if (kind === 'TYPE') family.type = type
        if (!family.head.includes(line)) family.head.push(line)
      } else {
        addSample(family.samples, line, views.has(name))
      }
    }
  }
  return families
}

const addSample = (samples: Map<string, number>, line: string, isView: boolean): void => {
  const end = line.lastIndexOf(' ')
  const series = line.slice(0, end)
  const value = Number(line.slice(end + 1))
  const before = samples.get(series)
  if (before === undefined) samples.set(series, value)
  else samples.set(series, isView ? Math.max(before, value) : before + value)
}

const textOf = (families: ReadonlyMap<string, Family>): string => {
  let text = ''
  for (const { head, samples } of families.values()) {
    for (const line of head) text += `${line}\n`
    for (const [series, value] of samples) text += `${series} ${value}\n`
  }
  return text
}
