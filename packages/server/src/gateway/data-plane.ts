import { join } from 'node:path'
import type { Context } from '../kernel/context.ts'
import type { Db } from '../kernel/db.ts'
import { newId } from '../kernel/ids.ts'
import { createGatewayNode } from './node.ts'
import { createNodeAnswers } from './node-answers.ts'
import { createProxy } from './proxy/index.ts'
import { createAnswering } from './questions/questions.ts'
import { localAuthorityIn } from './tls/local-authority.ts'

const drainMs = 5000

/** The gateway's own process: the proxy, and the node that feeds it snapshots. */
export const createDataPlane = async ({ env, log, clock }: Context, { db }: { db: Db }) => {
  const authority = await localAuthorityIn(join(env.dataDir, 'gateway'), clock, log)
  const proxy = createProxy({
    log,
    clock,
    newId,
    publicHost: '127.0.0.1',
    publicPort: env.gatewayPort,
    // Without it the gateway still does most of its work.
    publicTls: { port: env.gatewayTlsPort, authority, mayWait: true },
    streams: { ports: env.gatewayStreamPorts, mayWait: true },
    platform: { host: env.host, port: env.port },
  })
  const node = createGatewayNode({ db, proxy, clock, log })
  const answer = createNodeAnswers(proxy)
  const answering = createAnswering({ db, log, node: node.id, answer })
  return {
    async start(): Promise<void> {
      await node.start()
      await answering.start()
    },
    stop: async (): Promise<void> => {
      // The node last: as long as something is under way, others may wait for its end.
      await proxy.close(drainMs)
      await answering.stop()
      await node.stop()
    },
  }
}
