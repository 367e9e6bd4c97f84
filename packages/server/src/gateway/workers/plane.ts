import type { Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { GatewayQuestion } from '../node-states.ts'
import { createNodeAnswers } from '../node-answers.ts'
import type { PluginTable } from '../plugins/index.ts'
import { openPlatformPlugins, type OwnPlugins } from '../plugins/own/index.ts'
import { createProxy, type Proxy, type ProxyLog, type ProxyOptions } from '../proxy/index.ts'
import { localAuthorityIn } from '../tls/local-authority.ts'

/** What can be read of a proxy at any time. */
export type FigureName =
  | 'canaries'
  | 'connections'
  | 'counters'
  | 'inFlight'
  | 'isDraining'
  | 'metrics'
  | 'problems'

/** What serves clients: a proxy in this thread, or workers with a proxy each. */
export type Plane = Pick<Proxy, 'start' | 'address' | 'tlsAddress' | 'streamAddresses'> &
  Pick<Proxy, 'apply' | 'onQuiet' | 'close'> & {
    [F in FigureName]: () => Promise<ReturnType<Proxy[F]>>
  } & {
    /** Of all workers together. */
    answer(question: GatewayQuestion): Promise<unknown>
  }

type OfThread =
  | 'log'
  | 'clock'
  | 'newId'
  | 'plugins'
  | 'counters'
  | 'secret'
  | 'worker'
  | 'publicTls'

/** What a gateway is told, in a form that threads can be told as well. */
export type PlaneOptions = Omit<ProxyOptions, OfThread> & {
  publicTls?: Omit<NonNullable<ProxyOptions['publicTls']>, 'authority' | 'ticketSecret'>
  /** Of the authority of this machine. */
  folder: string
  /** Of plugins of one's own. */
  pluginFolder: string | undefined
}

export type Surroundings = {
  log: ProxyLog
  clock: Clock
  /** Opened by the caller, who closes them; else those of `pluginFolder`. */
  plugins?: PluginTable | undefined
  /** Of one of several workers. */
  part?: Required<Pick<ProxyOptions, 'counters' | 'secret' | 'worker'>> & { ticketSecret: Buffer }
}

/** A proxy as what serves. */
export const planeOf = (proxy: Proxy, own: Pick<OwnPlugins, 'kinds'> = noneOwn): Plane => {
  const answer = createNodeAnswers(proxy, own)
  return {
    ...proxy,
    canaries: async () => proxy.canaries(),
    connections: async () => proxy.connections(),
    counters: async () => proxy.counters(),
    inFlight: async () => proxy.inFlight(),
    isDraining: async () => proxy.isDraining(),
    metrics: async () => proxy.metrics(),
    problems: async () => proxy.problems(),
    answer: async (question) => answer(question),
  }
}

const noneOwn = { kinds: () => [], close: async () => {} }

/** A proxy that serves in this thread. */
export const openLonePlane = async (
  options: PlaneOptions,
  { log, clock, plugins, part }: Surroundings,
): Promise<Plane> => {
  const { folder, pluginFolder, publicTls, ...rest } = options
  const own =
    plugins === undefined
      ? await openPlatformPlugins({ folder: pluginFolder, log, clock })
      : { ...noneOwn, table: plugins }
  const { ticketSecret, ...ofWorker } = part ?? {}
  const tls = publicTls && {
    ...publicTls,
    authority: await localAuthorityIn(folder, clock, log),
    ...(ticketSecret === undefined ? {} : { ticketSecret }),
  }
  const proxy = createProxy({
    ...{ ...rest, ...ofWorker, log, clock, newId, plugins: own.table },
    ...(tls === undefined ? {} : { publicTls: tls }),
  })
  return {
    ...planeOf(proxy, own),
    async close(graceMs) {
      await proxy.close(graceMs)
      await own.close()
    },
  }
}
