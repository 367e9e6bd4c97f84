import {
  BodyCollector,
  cacheStatus,
  combined,
  freshened,
  headMatches,
  invalidatedUrls,
  speaksOfItself,
  storableHead,
  type StorableHead,
} from '../../cache/index.ts'
import type { PluginResponse } from '../plugin.ts'
import { fromStore, standInAnswer, type CacheContext } from './from-store.ts'
import type { Visit } from './visit.ts'

/** What the answer of the service means for what is stored, and for this client. */
export const takeResponse = (
  context: CacheContext,
  visit: Visit,
  response: PluginResponse,
): void => {
  if (response.source === 'gateway') return takeFailure(context, visit, response)
  if (visit.stored !== null && response.status >= 500) {
    const answer = standInAnswer(context, visit, 'server-error')
    if (answer !== null) {
      visit.lead?.settle('server-error')
      return response.replace(answer)
    }
  }
  if (visit.validating && response.status === 304) return takeNotModified(context, visit, response)
  const stored =
    visit.request.method === 'HEAD'
      ? takeHead(context, visit, response)
      : takeWhole(context, visit, response)
  if (context.tells) {
    const status = {
      fwd: visit.because,
      ...(visit.validating ? { fwdStatus: response.status } : {}),
      stored,
    }
    response.headers.add('Cache-Status', cacheStatus(status))
  }
}

/** An error of ours, as no answer came; answers of other plugins are none of our business. */
const takeFailure = (context: CacheContext, visit: Visit, response: PluginResponse): void => {
  const answer = response.error === null ? null : standInAnswer(context, visit, 'unreachable')
  visit.lead?.settle(answer === null ? 'alone' : 'unreachable')
  if (answer !== null) response.replace(answer)
}

const takeNotModified = (context: CacheContext, visit: Visit, response: PluginResponse): void => {
  const { cache, policy } = context
  if (visit.stored === null) return
  const exchanged = { requestedMs: visit.requestedMs, receivedMs: cache.nowMs }
  const { response: fresh, keep } = freshened(
    visit.request,
    visit.stored,
    response.headers,
    exchanged,
    policy,
  )
  cache.counts.revalidated += 1
  const kept = keep && cache.store(fresh, visit.position, visit.stored)
  if (!keep) cache.drop(visit.stored)
  settle(context, visit, kept ? fresh : null)
  response.replace(
    fromStore(context, visit, fresh, { fwd: visit.because, fwdStatus: 304, stored: kept }),
  )
}

/** The answer to HEAD brings a stored one up to date, or shows that it is outdated (RFC 9111 4.3.5). */
const takeHead = (context: CacheContext, visit: Visit, response: PluginResponse): boolean => {
  const { cache, policy } = context
  const { stored } = visit
  if (stored === null || stored.range !== null) return false
  if (!headMatches(stored, response.status, response.headers)) {
    cache.drop(stored)
    return false
  }
  const exchanged = { requestedMs: visit.requestedMs, receivedMs: cache.nowMs }
  const { response: fresh, keep } = freshened(
    visit.request,
    stored,
    response.headers,
    exchanged,
    policy,
  )
  if (!keep) cache.drop(stored)
  return keep && cache.store(fresh, visit.position, stored)
}

/** Keeps what may be kept while it flows by; whether it will be. */
const takeWhole = (context: CacheContext, visit: Visit, response: PluginResponse): boolean => {
  const { cache, policy } = context
  const { method, url } = visit.request
  for (const outdated of invalidatedUrls(method, url, response.status, response.headers)) {
    cache.outdate(outdated)
  }
  const head = mayStore(visit, response)
    ? storableHead(
        visit.request,
        response,
        { requestedMs: visit.requestedMs, receivedMs: cache.nowMs },
        policy,
      )
    : 'nothing of this kind is kept'
  if (typeof head === 'string') {
    settle(context, visit, null)
    return false
  }
  if (visit.validating) cache.counts.replaced += 1
  watch(context, visit, response, head)
  return true
}

/** A POST only if its answer is what a GET of the same URL would give (RFC 9110 9.3.3). */
const mayStore = (visit: Visit, response: PluginResponse): boolean =>
  visit.mayStore ||
  (visit.request.method === 'POST' &&
    response.status === 200 &&
    speaksOfItself(visit.request.url, response.headers))

/** Who waits is told whether there is something to serve; if not, nobody waits here for a while. */
const settle = ({ cache }: CacheContext, visit: Visit, kept: StorableHead | null): void => {
  if (visit.lead === null) return
  const serves = kept !== null && !kept.alwaysValidate && kept.lifetime > kept.initialAge
  cache.noteFutile(visit.request.url, !serves)
  visit.lead.settle(serves ? 'stored' : 'alone')
}

const watch = (
  context: CacheContext,
  visit: Visit,
  response: PluginResponse,
  head: StorableHead,
): void => {
  const { cache, policy } = context
  const declared = response.headers.get('content-length')
  // Asked about after the purge that the answer itself may have brought about.
  const position = visit.mayStore ? visit.position : cache.position
  response.watchBody(
    new BodyCollector({
      budget: cache.collecting,
      maxBytes: policy.maxBodyBytes,
      length: head.range === null ? lengthOf(declared) : head.range.last + 1 - head.range.first,
      onWhole: (body) => {
        const came = { ...head, body }
        const part = head.range === null ? undefined : cache.get(head.id)
        const whole = combined(visit.request, part, came, policy.maxBodyBytes)
        const kept = cache.store(whole, position, part ?? visit.stored ?? undefined)
        settle(context, visit, kept ? head : null)
      },
      onNothing: () => visit.lead?.settle('alone'),
    }),
  )
}

const lengthOf = (declared: string | undefined): number | null => {
  const length = Number(declared ?? NaN)
  return Number.isInteger(length) ? length : null
}
