import type { AddProblem } from './faults.ts'
import type { Service } from './model.ts'
import type { Judgement } from './schema/hosts.ts'
import type { RouteTuning, SplitTuning, UpstreamTuning } from './tuning.ts'

export const headerNameProblem: Judgement = (name) =>
  /^[\w-]+$/.test(name) ? null : 'has characters other than letters, digits, - and _'

/** RFC 6265 4.1.1: a token of HTTP. */
export const cookieNameProblem: Judgement = (name) =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name) ? null : 'is no name for a cookie'

/** What the schema of `x-keelson` cannot say; paths lead on from there. */
export const checkServiceTuning = (
  { protocol, 'x-keelson': tuning }: Pick<Service, 'protocol' | 'x-keelson'>,
  add: AddProblem,
): void => {
  const { retry, adaptive_concurrency: adaptive, split } = tuning
  const isHttp2 = tuning.http_version === '2' || protocol === 'grpc' || protocol === 'grpcs'
  if (tuning.proxy_protocol !== undefined && isHttp2) {
    add(['proxy_protocol'], 'proxy_protocol names one client, and HTTP/2 connections serve many.')
  }
  if (retry !== undefined && retry.back_off_max_ms < retry.back_off_ms) {
    add(['retry'], 'back_off_max_ms is less than back_off_ms.')
  }
  if (adaptive !== undefined && adaptive.max < adaptive.min) {
    add(['adaptive_concurrency'], 'max is less than min.')
  }
  if (split !== undefined) checkSplit(split, add)
}

const checkSplit = ({ rules, canary }: SplitTuning, add: AddProblem): void => {
  let weights = 0
  for (const [at, { weight, header, consumers }] of rules.entries()) {
    const place = ['split', 'rules', at]
    // The weight of the canary is what its steps say.
    const hasCanary = canary !== undefined && at === 0
    if (!hasCanary && weight === undefined && header === undefined && consumers === undefined) {
      add(place, 'A rule needs a weight, a header or consumers.')
    }
    const problem = header === undefined ? null : headerNameProblem(header.name)
    if (problem !== null) add([...place, 'header', 'name'], `name ${problem}.`)
    weights += weight ?? 0
  }
  if (weights > 100) add(['split', 'rules'], 'The weights of split are more than 100 together.')
}

export const checkUpstreamTuning = (tuning: UpstreamTuning, add: AddProblem): void => {
  const { sticky, ejection } = tuning
  const problem = sticky === undefined ? null : cookieNameProblem(sticky.cookie)
  if (problem !== null) add(['sticky', 'cookie'], `cookie ${problem}.`)
  if (ejection !== undefined && ejection.max_ms < ejection.base_ms) {
    add(['ejection'], 'max_ms is less than base_ms.')
  }
}

/** RFC 3339 5.6 */
const date = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

export const checkRouteTuning = ({ version }: RouteTuning, add: AddProblem): void => {
  if (version === undefined) return
  for (const field of ['deprecated_at', 'sunset_at'] as const) {
    const written = version[field]
    if (written === undefined) continue
    if (!date.test(written) || Number.isNaN(Date.parse(written))) {
      add(['version', field], `${field} is no date as in 2026-12-31T00:00:00Z.`)
    }
  }
  const { by, header } = version
  if (by === 'header' && header === undefined) add(['version'], 'A version by header needs header.')
  const problem = header === undefined ? null : headerNameProblem(header)
  if (problem !== null) add(['version', 'header'], `header ${problem}.`)
}
