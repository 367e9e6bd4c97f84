import { request, type OutgoingHttpHeaders } from 'node:http'

import { messageOf } from '../../../../kernel/errors.ts'
import type { ActiveChecks } from '../../../config/model.ts'
import { dial, readyEvent, type OriginTls } from '../../dial.ts'
import { prefaceFor } from '../../proxy-protocol/write.ts'
import { probeGrpc } from './probe-grpc.ts'
import type { ProbeResult, ProbeTarget } from './probe-result.ts'

export type { ProbeResult, ProbeTarget } from './probe-result.ts'

export type Probe = {
  checks: ActiveChecks
  target: ProbeTarget
  /** Shown to targets that ask for a certificate; the upstream's. */
  certificate: OriginTls['certificate']
  ca: OriginTls['ca']
}

/** Looks at a target once; the result comes exactly once, and not after `cancel`. */
export const startProbe = (
  probe: Probe,
  onResult: (result: ProbeResult) => void,
): { cancel(): void } => {
  let stop = (): void => {}
  let done = false
  const settle = (result: ProbeResult): void => {
    if (done) return
    done = true
    clearTimeout(timer)
    stop()
    onResult(result)
  }
  const timeoutMs = probe.checks.timeout * 1000
  const timer = setTimeout(() => {
    settle({ kind: 'timeout', detail: `no answer within ${probe.checks.timeout} s` })
  }, timeoutMs)
  try {
    stop = kinds[probe.checks.type](probe, settle)
  } catch (error) {
    // A header or a certificate that node does not take: found out by nobody else.
    const detail = messageOf(error)
    setImmediate(() => settle({ kind: 'tcp', detail }))
  }
  return {
    cancel: () => {
      done = true
      clearTimeout(timer)
      stop()
    },
  }
}

type Start = (probe: Probe, settle: (result: ProbeResult) => void) => () => void

const startTcp: Start = ({ target }, settle) => {
  const socket = dial({ ...target, tls: null, ...prefaceFor(target.proxyProtocol, null) })
  socket.on(readyEvent(null), () => settle({ kind: 'ok' }))
  socket.on('error', (error) => settle({ kind: 'tcp', detail: error.message }))
  return () => void socket.destroy()
}

/** HTTP/1.1: with 1.0, as in Kong, servers answer 426 and the like (Kong/kong#14861). */
const startHttp =
  (tls: boolean): Start =>
  (probe, settle) => {
    const { checks, target } = probe
    const preface = prefaceFor(target.proxyProtocol, null)
    const asked = request({
      path: checks.http_path,
      headers: headersOf(checks, target),
      createConnection: () => dial({ ...target, tls: tls ? tlsOf(probe) : null, ...preface }),
    })
    asked.on('response', (response) => {
      settle({ kind: 'status', status: response.statusCode ?? 0 })
    })
    asked.on('error', (error) => settle(failureOf(error)))
    asked.end()
    return () => void asked.destroy()
  }

const startGrpc =
  (tls: boolean): Start =>
  (probe, settle) =>
    probeGrpc(probe.target, tls ? tlsOf(probe) : null, settle)

const kinds: Readonly<Record<ActiveChecks['type'], Start>> = {
  tcp: startTcp,
  http: startHttp(false),
  https: startHttp(true),
  grpc: startGrpc(false),
  grpcs: startGrpc(true),
}

const headersOf = ({ headers }: ActiveChecks, { authority }: ProbeTarget): OutgoingHttpHeaders => ({
  host: authority,
  'user-agent': 'keelson-gateway (active check)',
  ...Object.fromEntries(
    Object.entries(headers).map(([name, all]) => [name.toLowerCase(), [...all]]),
  ),
})

const tlsOf = ({ checks, target, certificate, ca }: Probe): OriginTls => ({
  serverName: checks.https_sni ?? target.serverName,
  verify: checks.https_verify_certificate,
  ca,
  certificate,
})

/** An answer that is no HTTP counts as a bad one, everything else as a connection that failed. */
const failureOf = (error: Error): ProbeResult => {
  const code = 'code' in error ? String(error.code) : ''
  return { kind: code.startsWith('HPE_') ? 'http' : 'tcp', detail: error.message }
}
