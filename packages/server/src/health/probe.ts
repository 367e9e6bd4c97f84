import { request } from 'node:http'
import { connect } from 'node:net'
import type { BoundPort, ProbeSpec } from '@keelson/contract'
import { messageOf } from '../kernel/errors.ts'
import { storableText } from '../kernel/storable.ts'

export type ProbeResult = { ok: boolean; reason: string; latencyMs: number }

/** Runs a command inside an instance; given by whoever can. Rejects when it cannot. */
export type ExecProbe = (
  instance: string,
  command: readonly string[],
  limits: { timeoutMs: number; outputLimitBytes: number },
) => Promise<{ exitCode: number | null; output: string; timedOut: boolean }>

type ProbeTarget = { instance: string; ports: readonly BoundPort[] }

const bodyLimitBytes = 4096
const reasonLengthMax = 300

/** Asks an instance once. Never throws: whatever goes wrong is the reason. */
export const runProbe = async (
  probe: ProbeSpec,
  target: ProbeTarget,
  exec: ExecProbe,
): Promise<ProbeResult> => {
  const startedMs = performance.now()
  const outcome = await attempt(probe, target, exec).catch((error: unknown) =>
    failure(messageOf(error)),
  )
  const latencyMs = Math.round((performance.now() - startedMs) * 10) / 10
  return { ...outcome, reason: storableText(outcome.reason.slice(0, reasonLengthMax)), latencyMs }
}

type Outcome = { ok: boolean; reason: string }
const success: Outcome = { ok: true, reason: '' }
const failure = (reason: string): Outcome => ({ ok: false, reason })

const attempt = (probe: ProbeSpec, target: ProbeTarget, exec: ExecProbe): Promise<Outcome> => {
  if (probe.kind === 'exec') return execProbe(probe.command, probe.timeoutMs, target, exec)
  const port = portOf(probe.port, target.ports)
  if (port === undefined) {
    const what = probe.port === undefined ? 'no port' : `no port ${probe.port}`
    return Promise.resolve(failure(`the instance has ${what} to check`))
  }
  return probe.kind === 'tcp'
    ? tcpProbe(port, probe.timeoutMs)
    : httpProbe(probe.path, probe.status, port, probe.timeoutMs)
}

/** The bound port for a target port; the first one when none is named. */
export const portOf = (
  target: number | undefined,
  ports: readonly BoundPort[],
): BoundPort | undefined => {
  const tcp = ports.filter(({ protocol }) => protocol === 'tcp')
  return target === undefined ? tcp[0] : tcp.find((port) => port.target === target)
}

const addressOf = ({ host, port }: BoundPort): string => `${host}:${port}`

const tcpProbe = (port: BoundPort, timeoutMs: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = connect({ host: port.host, port: port.port })
    const end = (outcome: Outcome): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.setTimeout(timeoutMs, () =>
      end(failure(`no connection to ${addressOf(port)} in ${timeoutMs} ms`)),
    )
    socket.once('connect', () => end(success))
    socket.once('error', (error) => end(failure(explain(error, port))))
  })

const httpProbe = (
  path: string,
  status: number | undefined,
  port: BoundPort,
  timeoutMs: number,
): Promise<Outcome> =>
  new Promise((resolve) => {
    const what = `GET ${path}`
    const sent = request({
      host: port.host,
      port: port.port,
      path,
      // A connection of its own: the check must see a listener that takes new connections.
      agent: false,
      headers: { 'user-agent': 'keelson-probe', accept: 'application/json, text/plain, */*' },
    })
    const deadline = setTimeout(() => {
      sent.destroy()
      resolve(failure(`${what} took longer than ${timeoutMs} ms`))
    }, timeoutMs)
    const end = (outcome: Outcome): void => {
      clearTimeout(deadline)
      resolve(outcome)
    }
    sent.once('error', (error) => end(failure(explain(error, port))))
    sent.once('response', (response) => {
      const code = response.statusCode ?? 0
      const ok = status === undefined ? code >= 200 && code < 400 : code === status
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (body.length < bodyLimitBytes) body += chunk
        else sent.destroy()
      })
      response.once('close', () => {
        end(ok ? success : failure(`${what} answered ${code}${saidBy(body)}`))
      })
    })
    sent.end()
  })

/** What the service itself says is wrong, when its answer has a usual field for it. */
const saidBy = (body: string): string => {
  try {
    const answer: unknown = JSON.parse(body)
    if (typeof answer !== 'object' || answer === null) return ''
    for (const field of ['reason', 'detail', 'message', 'error', 'status']) {
      const said = (answer as Record<string, unknown>)[field]
      if (typeof said === 'string' && said !== '') return `: ${said}`
    }
    return ''
  } catch {
    return ''
  }
}

const execProbe = (
  command: readonly string[],
  timeoutMs: number,
  target: ProbeTarget,
  exec: ExecProbe,
): Promise<Outcome> => {
  const limits = { timeoutMs, outputLimitBytes: bodyLimitBytes }
  const late = failure(`the health command took longer than ${timeoutMs} ms`)
  const deadline = Promise.withResolvers<Outcome>()
  // Whoever runs it keeps the time; this is for when they hang, so that the turn is free again.
  const timer = setTimeout(() => deadline.resolve(late), timeoutMs + execMarginMs)
  const asked = exec(target.instance, command, limits).then(judgeExec(late))
  return Promise.race([asked, deadline.promise]).finally(() => clearTimeout(timer))
}

const execMarginMs = 2000

type ExecAnswer = Awaited<ReturnType<ExecProbe>>

const judgeExec =
  (late: Outcome) =>
  ({ exitCode, output, timedOut }: ExecAnswer): Outcome => {
    if (timedOut) return late
    if (exitCode === 0) return success
    const lastLine = output.trim().split('\n').at(-1) ?? ''
    return failure(
      `the health command ended with ${exitCode}${lastLine === '' ? '' : `: ${lastLine}`}`,
    )
  }

const explain = (error: Error, port: BoundPort): string => {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return `nothing listens on ${addressOf(port)}`
  if (code === 'ECONNRESET') return `the connection to ${addressOf(port)} was reset`
  return error.message
}
