import { Readable } from 'node:stream'
import { Type } from 'typebox'

import type { GatewayConfig } from '../../config/model.ts'
import { definePlugin, type PluginDefinition, type PluginInstance } from '../../plugins/plugin.ts'
import { aConfig, aRoute, aService, startOrigin } from '../../testing/gateway.ts'

/** A plugin made of its hooks; `config` is whatever the entity says. */
export const plugin = (
  name: string,
  priority: number,
  create: (config: Record<string, unknown>) => PluginInstance,
): PluginDefinition =>
  definePlugin({
    name,
    priority,
    summary: name,
    schema: Type.Object({}),
    scopes: ['service', 'route', 'consumer'],
    protocols: ['http', 'https'],
    create: (config) => create(config as Record<string, unknown>),
  })

export const echo = () =>
  startOrigin((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method, url, headers } = request
      const body = Buffer.concat(pieces).toString()
      response.end(JSON.stringify({ method, url, headers, body }))
    })
  })

/** A body whose length is not known. */
export const streamOf = (pieces: readonly Buffer[]): BodyInit =>
  Readable.toWeb(Readable.from(pieces)) as unknown as BodyInit

export type Echo = { method: string; url: string; headers: Record<string, string>; body: string }
export const echoOf = async (answer: Response): Promise<Echo> => (await answer.json()) as Echo

/** One service `app` on this port, at `/`. */
export const app = (port: number, more: Partial<GatewayConfig> = {}): GatewayConfig =>
  aConfig({
    services: [aService('app', { port })],
    routes: [aRoute('app', 'app')],
    ...more,
  })

/** Knows its callers by `x-user`. */
export const knowing = plugin('knowing', 1000, () => ({
  access: (exchange) => {
    const consumer = exchange.consumers.find(exchange.request.headers.get('x-user') ?? '')
    if (consumer === undefined) return exchange.refuse(401, 'Unauthorized')
    exchange.authenticate({ consumer, credential: { id: 'c1', name: 'key of it' } })
  },
}))
