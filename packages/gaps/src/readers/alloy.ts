import type { Place } from '../place.ts'
import type { CollectorEvidence, ScrapeEvidence } from '../systems/system.ts'
import { readAddress } from './address.ts'
import type { FileFacts } from './reader.ts'

const lineLengthMax = 2000

/**
 * Grafana Alloy, the plain parts of it: a scrape with its targets written in place, and the
 * addresses that things are pushed to. What other components compute is not known.
 */
export const readAlloy = (file: string, text: string): FileFacts => {
  const scrapes: Mutable<ScrapeEvidence>[] = []
  const exports: CollectorEvidence['exports'][number][] = []
  const blocks: { name: string; label: string }[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.slice(0, lineLengthMax).replace(/(^|\s)\/\/.*$/, '')
    const at = { file, line: index + 1, column: line.length - line.trimStart().length + 1 }
    const opened = /^\s*([\w.]+)(?:\s+"([^"]*)")?\s*\{\s*$/.exec(line)
    if (opened !== null) {
      const [, name = '', label = ''] = opened
      blocks.push({ name, label })
      if (name === 'prometheus.scrape') scrapes.push(newScrape(at, label))
      continue
    }
    const component = blocks.find(({ name }) => name.includes('.'))
    const scrape = scrapes.at(-1)
    if (component?.name === 'prometheus.scrape' && scrape !== undefined) {
      readScrapeLine(line, at, scrape)
    }
    const url = /^\s*(?:url|endpoint)\s*=\s*"([^"]*)"/.exec(line)?.[1]
    if (url !== undefined && component !== undefined && isPush(component.name)) {
      const { host, port } = readAddress(url) ?? {}
      const name = `${component.name}.${component.label}`
      exports.push({ ...at, name, host, port, isUsed: true })
    }
    if (/^\s*\}\s*$/.test(line)) blocks.pop()
  }
  const collector: CollectorEvidence = {
    ...{ file, line: 1, column: 1, kind: 'promtail', receives: [], exports, by: undefined },
  }
  return { scrapes, collectors: exports.length > 0 ? [collector] : [] }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

const isPush = (name: string) => /(?:\.write|remote_write|otelcol\.exporter\.\w+)$/.test(name)

const newScrape = (at: Place, job: string): Mutable<ScrapeEvidence> => ({
  ...{ ...at, kind: 'prometheus', job, path: '/metrics', scheme: undefined, targets: [] },
  ...{ isDiscovered: false, by: undefined },
})

const readScrapeLine = (line: string, at: Place, scrape: Mutable<ScrapeEvidence>) => {
  for (const [, address = ''] of line.matchAll(/__address__"?\s*=\s*"([^"]*)"/g)) {
    const { host, port } = readAddress(address) ?? {}
    scrape.targets.push({ ...at, host, port })
  }
  const job = /^\s*job_name\s*=\s*"([^"]*)"/.exec(line)?.[1]
  if (job !== undefined) scrape.job = job
  const path = /^\s*metrics_path\s*=\s*"([^"]*)"/.exec(line)?.[1]
  if (path !== undefined) scrape.path = path
  // `targets = discovery.docker.containers.targets`: known to nobody before it runs.
  if (/^\s*targets\s*=\s*[^\s[]/.test(line)) scrape.isDiscovered = true
}
