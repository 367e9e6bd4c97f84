import { Server, type Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { localHostOf } from '../context.ts'
import type { Env } from '../env.ts'
import { messageOf } from '../errors.ts'
import type { Http } from '../http.ts'
import type { Log } from '../log.ts'
import { isLoopback } from '../loopback.ts'
import type { Certificate, CertificateSource } from './certificate.ts'
import { amongst, loopbackRanges } from './connections.ts'
import { openListener, type Listener } from './listener.ts'

type Deps = {
  http: Pick<Http, 'app' | 'listen' | 'takeConnection' | 'onRightsChange'>
  env: Pick<Env, 'host' | 'port' | 'trustedProxies'>
  /** Null: no TLS of our own. */
  tls: { port: number; source: CertificateSource } | null
  /** Whether there was an administrator. */
  isSetUp: () => Promise<boolean>
  clock: Clock
  log: Log
}

const retryMs = 30_000

/**
 * Where the platform is listened for: plainly on a loopback address, always, for the command line; and
 * by TLS, or for proxies alone, on the address of KEELSON_HOST. That one opens to others only once
 * there is an administrator, without a restart: until then a link would be all that guards it.
 */
export const createWayIn = ({ http, env, tls, isSetUp, clock, log }: Deps) => {
  let opened: Listener | undefined
  /** In place of the server's own, once that gave way. */
  let local: Listener | undefined
  let certificate: Certificate | null = null
  let changes = { close: () => {} }
  let retry = { cancel: () => {} }
  let opening: Promise<void> | undefined
  let stopped = false

  const open = async (): Promise<void> => {
    if (tls !== null) opened = await openSecurely(tls)
    else if (!isLoopback(env.host)) opened = await openPlainly()
    else return
    log.info({ ...opened.address(), tls: tls !== null }, 'listening')
    tls?.source.onOpen()
  }

  const useCertificate = (next: Certificate): void => {
    certificate = next
    opened?.useCertificate(next)
  }

  const openSecurely = ({ port, source }: NonNullable<Deps['tls']>): Promise<Listener> =>
    openListener({
      address: { host: env.host, port },
      tls: { certificate, accept: source.accept },
      ...{ trustedProxies: env.trustedProxies, take: http.takeConnection },
    })

  /**
   * Without TLS of our own only proxies are listened to, and this machine. An address that stands for
   * all of them takes the place of the loopback one: the system lets no port be had twice.
   */
  const openPlainly = async (): Promise<Listener> => {
    const { host, port, trustedProxies } = env
    const isExpected = amongst([...trustedProxies, ...loopbackRanges])
    const asked = {
      ...{ tls: null, trustedProxies, take: http.takeConnection },
      accepts: ({ remoteAddress }: Socket) => isExpected(remoteAddress),
    }
    if (host !== '0.0.0.0' && host !== '::')
      return openListener({ ...asked, address: { host, port } })
    if (local === undefined) stopListening(http.app.server)
    local?.close()
    try {
      return await openListener({ ...asked, address: { host, port } })
    } catch (error) {
      local = await openListener({ ...asked, address: { host: localHostOf(env), port } })
      throw error
    }
  }

  /** The platform runs on while somebody else has the port: that is no reason to end services. */
  const openLater = async (): Promise<void> => {
    try {
      if (stopped || opened !== undefined || !(await isSetUp())) return
      changes.close()
      await open()
    } catch (error) {
      log.error({ reason: messageOf(error), host: env.host }, 'others cannot reach the platform')
      retry = clock.setTimer(later, retryMs)
    }
  }
  const later = (): void => {
    opening = (opening ?? Promise.resolve()).then(openLater)
  }

  return {
    /** Throws AppError `port_taken`, `env_invalid`. */
    async start(): Promise<void> {
      certificate = (await tls?.source.start(useCertificate)) ?? null
      await http.listen({ host: localHostOf(env), port: env.port })
      if (isLoopback(env.host) || (await isSetUp())) return open()
      changes = http.onRightsChange(later)
      log.info({ host: env.host }, 'listens for others once there is an administrator')
    },
    address: () => opened?.address(),
    async stop(): Promise<void> {
      stopped = true
      changes.close()
      retry.cancel()
      await opening
      await tls?.source.close()
      opened?.close()
      local?.close()
    },
  }
}

/** As http.Server does it, idle connections and the watch over slow ones would end too. */
const stopListening = (server: Server): void => {
  Server.prototype.close.call(server)
}
