import { cacheStates, purgeCaches, warmCaches, warmUrls } from './cache/index.ts'
import type { GatewayQuestion, NodeStates } from './node-states.ts'
import type { OwnPlugins } from './plugins/own/index.ts'
import type { Proxy } from './proxy/index.ts'

/** What a gateway answers to the control process (questions.ts). */
export const createNodeAnswers =
  (proxy: Proxy, own: Pick<OwnPlugins, 'kinds'>) =>
  (question: GatewayQuestion): unknown => {
    switch (question.kind) {
      case 'states':
        return statesOf(proxy, own)
      case 'metrics':
        return proxy.metrics()
      case 'explain':
        return proxy.explain(question.ask)
      case 'purge':
        return purgeCaches(question.what)
      case 'warm': {
        const ports = { http: proxy.address().port, https: proxy.tlsAddress()?.port ?? null }
        const urls = warmUrls(question.host, question.paths, ports)
        return proxy.throughOwnDoors((doors) => warmCaches(doors, urls))
      }
    }
  }

const statesOf = (proxy: Proxy, own: Pick<OwnPlugins, 'kinds'>): NodeStates => ({
  routes: proxy.routeFigures().map(({ manager, route, requests, errors, buckets, boundsMs }) => ({
    ...{ key: `${manager} ${route}`, requests, errors, boundsMs },
    buckets: [...buckets],
  })),
  upstreams: proxy.upstreams(),
  caches: cacheStates(),
  pluginProblems: Object.fromEntries(
    own.kinds().flatMap(({ name, problem }) => (problem === null ? [] : [[name, problem]])),
  ),
})
