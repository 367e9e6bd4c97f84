import {
  BodyCollector,
  freshened,
  setValidators,
  storableHead,
  type StoredResponse,
} from '../../cache/index.ts'
import type { PluginExchange, SubrequestAnswer } from '../plugin.ts'
import type { CacheContext } from './from-store.ts'
import type { Visit } from './visit.ts'

/** A refresh that takes longer is given up; the stale answer is served meanwhile. */
const timeoutMs = 60_000

/** Brings a stale answer up to date while it is being served; one at a time for each answer. */
export const refreshInBackground = (
  context: CacheContext,
  exchange: PluginExchange,
  visit: Visit,
  stored: StoredResponse,
): void => {
  const lead = context.cache.collapser.lead(`refresh\n${stored.id}`)
  if (lead === undefined) return
  const headers = exchange.request.headers.copy()
  setValidators(headers, stored)
  const position = context.cache.position
  const requestedMs = context.cache.nowMs
  exchange
    .subrequest({ method: 'GET', headers, body: null, signal: AbortSignal.timeout(timeoutMs) })
    .then((answer) => takeAnswer(context, visit, stored, answer, { position, requestedMs }))
    .catch(() => {}) // it stays stale, and the next request tries again
    .finally(() => lead.settle('stored'))
}

const takeAnswer = async (
  { cache, policy }: CacheContext,
  { request }: Visit,
  stored: StoredResponse,
  answer: SubrequestAnswer,
  { position, requestedMs }: { position: number; requestedMs: number },
): Promise<void> => {
  const exchanged = { requestedMs, receivedMs: cache.nowMs }
  if (answer.status === 304) {
    answer.body.resume()
    const { response, keep } = freshened(request, stored, answer.headers, exchanged, policy)
    cache.counts.revalidated += 1
    if (keep) cache.store(response, position, stored)
    else cache.drop(stored)
    return
  }
  const head = storableHead({ ...request, method: 'GET' }, answer, exchanged, policy)
  // A failure keeps the stale answer for as long as it may be served; anything else replaces it.
  if (answer.status >= 500 || typeof head === 'string') {
    answer.body.destroy()
    if (answer.status < 500) cache.drop(stored)
    return
  }
  const collector = new BodyCollector({
    budget: cache.collecting,
    maxBytes: policy.maxBodyBytes,
    length: null,
    onWhole: (body) => {
      cache.counts.replaced += 1
      cache.store({ ...head, body }, position, stored)
    },
    onNothing: () => {}, // the stale one stays for as long as it may be served
  })
  try {
    for await (const chunk of answer.body) collector.onBytes(chunk as Buffer)
    collector.onEnd()
  } finally {
    collector.onAbort() // of a body that broke off; says nothing of a whole one
  }
}
