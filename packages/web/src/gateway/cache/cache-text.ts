import type { GatewayCacheRow, GatewayWarmed } from '@keelson/contract'
import { countOf } from '../../ui/format.ts'

export type Answered = {
  name: 'hits' | 'stale' | 'revalidated' | 'misses'
  word: string
  count: number
}

/** How requests were answered since the gateways started; each request is in one of them. */
export const answersOf = (row: GatewayCacheRow): Answered[] => [
  { name: 'hits', word: 'fresh from the cache', count: row.hits },
  { name: 'stale', word: 'stale from the cache', count: row.stale },
  { name: 'revalidated', word: 'confirmed by the service', count: row.revalidated },
  { name: 'misses', word: 'made by the service', count: row.misses },
]

/** Part of the requests that the service did not have to answer, from 0 to 1; null before any. */
export const hitRatio = ({ hits, stale, revalidated, misses }: GatewayCacheRow): number | null => {
  const all = hits + stale + revalidated + misses
  return all === 0 ? null : (hits + stale) / all
}

/** `93.4 %`; never rounded up to everything. */
export const formatRatio = (ratio: number | null): string => {
  if (ratio === null) return '–'
  const percent = Math.floor(ratio * 1000) / 10
  return `${percent === 100 || percent === 0 ? percent : percent.toFixed(1)} %`
}

export type PurgeBy = 'url' | 'prefix' | 'tag' | 'all'
export type PurgeAsk = { plugin: string; by: PurgeBy; what: string }

export const purgeBody = ({ plugin, by, what }: PurgeAsk) => ({
  ...(plugin === '' ? {} : { plugin }),
  ...(by === 'all' ? { all: true } : { [by]: what.trim() }),
})

/** `every answer whose URL begins with https://shop/a` */
export const purgeSentence = ({ by, what }: PurgeAsk): string => {
  const text = what.trim()
  switch (by) {
    case 'url':
      return `the answers of ${text}`
    case 'prefix':
      return `every answer whose URL begins with ${text}`
    case 'tag':
      return `every answer with the tag ${text}`
    case 'all':
      return 'every answer'
  }
}

/** Paths and URLs of a list, a line each; blank lines say nothing. */
export const warmBody = (host: string, list: string) => ({
  ...(host.trim() === '' ? {} : { host: host.trim() }),
  paths: list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
})

/** `5 answers came well.`, `3 of 5 answers came well.` */
export const warmSentence = ({ stored, failed }: Pick<GatewayWarmed, 'stored' | 'failed'>) =>
  failed === 0
    ? `${countOf(stored, 'answer')} came well.`
    : `${stored.toLocaleString('en')} of ${countOf(stored + failed, 'answer')} came well.`
