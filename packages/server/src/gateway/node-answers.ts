import { cacheStates, purgeCaches, warmCaches } from './cache/index.ts'
import type { GatewayQuestion, NodeStates } from './node-states.ts'
import type { Proxy } from './proxy/index.ts'

/** What a gateway answers to the control process (questions.ts). */
export const createNodeAnswers =
  (proxy: Proxy) =>
  (question: GatewayQuestion): unknown => {
    switch (question.kind) {
      case 'states':
        return statesOf(proxy)
      case 'explain':
        return proxy.explain(question.ask)
      case 'purge':
        return purgeCaches(question.what)
      case 'warm':
        return warmCaches(proxy.address(), question.host, question.paths)
    }
  }

const statesOf = (proxy: Proxy): NodeStates => ({
  routes: proxy.routeFigures().map(({ manager, route, requests, errors, buckets, boundsMs }) => ({
    ...{ key: `${manager} ${route}`, requests, errors, boundsMs },
    buckets: [...buckets],
  })),
  upstreams: proxy.upstreams(),
  caches: cacheStates(),
})
