import type { Context } from '../kernel/context.ts'
import type { Db } from '../kernel/db.ts'
import { newId } from '../kernel/ids.ts'
import { createGatewayNode } from './node.ts'
import { createProxy } from './proxy/index.ts'

const drainMs = 5000

/** The gateway's own process: the proxy, and the node that feeds it snapshots. */
export const createDataPlane = ({ env, log, clock }: Context, { db }: { db: Db }) => {
  const proxy = createProxy({
    log,
    clock,
    newId,
    publicHost: '127.0.0.1',
    publicPort: env.gatewayPort,
    platform: { host: env.host, port: env.port },
  })
  const node = createGatewayNode({ db, proxy, clock, log })
  return {
    start: () => node.start(),
    stop: async (): Promise<void> => {
      // The node last: as long as something is under way, others may wait for its end.
      await proxy.close(drainMs)
      await node.stop()
    },
  }
}
