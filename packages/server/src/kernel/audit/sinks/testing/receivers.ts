import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer as createTlsServer } from 'node:tls'
import type { AuditRow } from '@keelson/contract'
import type { SyslogTarget } from '../../../env-audit.ts'

/** A message of RFC 5424 as somebody else reads it. */
export type SyslogMessage = { priority: number; fields: string[]; data: string; row: AuditRow }

const messageOf = (message: string): SyslogMessage => {
  const [, priority, head = '', data = '', body = ''] =
    /^<(\d{1,3})>1 ((?:\S+ ){5})\[((?:[^\]\\]|\\.)*)\] (\{.*\})$/su.exec(message) ?? []
  if (priority === undefined) throw new Error(`no message of RFC 5424: ${message.slice(0, 200)}`)
  const fields = head.trim().split(' ')
  return { priority: Number(priority), fields, data, row: JSON.parse(body) as AuditRow }
}

type Options = {
  /** PEM; TLS with it. */
  tls?: { cert: string; key: string }
  /** Called with each message before the next is read. */
  onMessage?: (message: SyslogMessage, socket: Socket, count: number) => void
}

/** Reads messages with their length in front, over TCP or TLS, and ends when the other side does. */
export const startSyslogStream = async ({ tls, onMessage }: Options = {}) => {
  const messages: SyslogMessage[] = []
  const faults: string[] = []
  const sockets = new Set<Socket>()
  const read = (socket: Socket): void => {
    let pending = Buffer.alloc(0)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      pending = Buffer.concat([pending, part])
      while (!socket.destroyed) {
        const [whole, length] = /^([1-9]\d{0,5}) /.exec(pending.toString('latin1', 0, 7)) ?? []
        if (whole === undefined) {
          if (pending.length > 6) faults.push(`no length: ${pending.toString('utf8', 0, 40)}`)
          return
        }
        const end = whole.length + Number(length)
        if (pending.length < end) return
        const message = messageOf(pending.toString('utf8', whole.length, end))
        pending = pending.subarray(end)
        messages.push(message)
        onMessage?.(message, socket, messages.length)
      }
    })
  }
  const server = tls === undefined ? createServer(read) : createTlsServer(tls, read)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const target: SyslogTarget = {
    ...{ protocol: tls === undefined ? 'tcp' : 'tls', host: '127.0.0.1' },
    port: (server.address() as AddressInfo).port,
  }
  return {
    ...{ target, messages, faults },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export const startSyslogDatagrams = async () => {
  const messages: SyslogMessage[] = []
  const socket = createSocket('udp4')
  socket.on('message', (message) => messages.push(messageOf(message.toString('utf8'))))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const target: SyslogTarget = { protocol: 'udp', host: '127.0.0.1', port: socket.address().port }
  return {
    ...{ target, messages },
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

export const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

export type WebhookCall = { id: string; body: string; rows: AuditRow[]; isSigned: boolean }

/** Answers each call as `answer` says; 204 unless told. */
export const startWebhook = async (
  answer: (call: WebhookCall, reply: ServerResponse, count: number) => void = (_call, reply) =>
    void reply.writeHead(204).end(),
) => {
  const calls: WebhookCall[] = []
  const take = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const body = await text(request).catch(() => null)
    if (body === null) return
    const { headers } = request
    const id = String(headers['webhook-id'])
    const signed = `${id}.${String(headers['webhook-timestamp'])}.${body}`
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64')
    const rows = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRow)
    const call = { id, body, rows, isSigned: headers['webhook-signature'] === `v1,${mac}` }
    calls.push(call)
    answer(call, reply, calls.length)
  }
  const server = createHttpServer((request, reply) => void take(request, reply))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ calls, origin, url: `${origin}/in/s3cret` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
