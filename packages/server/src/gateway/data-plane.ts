import { join } from 'node:path'
import { localHostOf, type Context } from '../kernel/context.ts'
import type { Db } from '../kernel/db.ts'
import { createGatewayNode } from './node.ts'
import { createAnswering } from './questions/questions.ts'
import { openPlane } from './workers/index.ts'

const drainMs = 5000

/** The gateway's own process: what serves, and the node that feeds it snapshots. */
export const createDataPlane = async ({ env, log, clock }: Context, { db }: { db: Db }) => {
  const plane = await openPlane(
    {
      folder: join(env.dataDir, 'gateway'),
      pluginFolder: env.gatewayPlugins,
      trustedProxies: env.gatewayTrustedProxies,
      proxyProtocol: env.gatewayProxyProtocol,
      publicHost: '127.0.0.1',
      publicPort: env.gatewayPort,
      // Without it the gateway still does most of its work.
      publicTls: { port: env.gatewayTlsPort, mayWait: true },
      streams: { ports: env.gatewayStreamPorts, mayWait: true },
      platform: { host: localHostOf(env), port: env.port },
    },
    { workers: env.gatewayWorkers, log, clock },
  )
  const node = createGatewayNode({ db, plane, clock, log })
  const answering = createAnswering({
    ...{ db, log, node: node.id },
    answer: (question) => plane.answer(question),
  })
  return {
    async start(): Promise<void> {
      await node.start()
      await answering.start()
    },
    stop: async (): Promise<void> => {
      // The node last: as long as something is under way, others may wait for its end.
      await plane.close(drainMs)
      await answering.stop()
      await node.stop()
    },
  }
}
