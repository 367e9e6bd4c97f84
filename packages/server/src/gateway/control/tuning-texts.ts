import type { ServiceTuning } from '../config/tuning.ts'
import { ruleSentence } from '../proxy/balance/policies/split.ts'

/** What `x-keelson` of a service asks for, each with a sentence. */
export const tuningTexts = (tuning: ServiceTuning): { name: string; text: string }[] => {
  const { split, retry, hedge, mirror, failover, bulkhead, adaptive_concurrency } = tuning
  const texts: { name: string; text: string | undefined }[] = [
    { name: 'split', text: split && splitText(split) },
    { name: 'retry', text: retry && retryText(retry) },
    { name: 'hedge', text: hedge && `up to ${hedge.max} more after ${hedge.after_ms} ms` },
    { name: 'mirror', text: mirror && `copies of ${mirror.percent} % go to ${mirror.service}` },
    { name: 'failover', text: failover && `${failover}, when no target here is well` },
    { name: 'bulkhead', text: bulkhead && bulkheadText(bulkhead) },
    {
      name: 'adaptive concurrency',
      text:
        adaptive_concurrency &&
        `from ${adaptive_concurrency.min} to ${adaptive_concurrency.max} at once, by latency`,
    },
  ]
  return texts.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }]))
}

const splitText = ({ rules, sticky }: NonNullable<ServiceTuning['split']>): string =>
  `${rules.map(ruleSentence).join('; ')}${sticky ? '; a caller stays where it was' : ''}`

const retryText = ({ on, statuses, attempts, budget }: NonNullable<ServiceTuning['retry']>) => {
  const what = on.map((one) => (one === 'status' ? `status ${statuses.join(', ')}` : one))
  return `up to ${attempts} attempts on ${what.join(', ')}; at most ${budget * 100} % of the requests`
}

const bulkheadText = (bulkhead: NonNullable<ServiceTuning['bulkhead']>): string => {
  const { max_in_flight: most, max_queue: queue, max_wait_ms: waitMs } = bulkhead
  return `${most} at once, ${queue} more wait up to ${waitMs} ms`
}
