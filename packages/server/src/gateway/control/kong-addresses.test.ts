import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeDocument } from '../config/compose-document.ts'
import { readGatewayConfig } from '../config/read.ts'
import { writeGatewayConfig } from '../config/write.ts'
import { plugins } from '../plugins/index.ts'
import type { Endpoints } from '../proxy/document-plan.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { documentOf } from '../testing/gateway.ts'
import { withAddresses } from './kong-addresses.ts'

const endpoint = (instance: string, port: number) => ({
  ...{ instance, port, host: '127.0.0.1', ports: { 8001: port } },
  ...{ healthy: true, draining: false },
})
const running: Endpoints = {
  'shop/web': { id: 'shop/web', endpoints: [endpoint('web-1', 21_001), endpoint('web-2', 21_002)] },
}

const exported = (document: GatewayDocument, endpoints: Endpoints) => {
  const moved = withAddresses(document, endpoints)
  const { text } = writeGatewayConfig(moved.document.config, {
    ...{ secrets: 'mask', forKong: true, plugins },
  })
  const read = readGatewayConfig({ text, file: 'kong.yml' }, { environment: {}, plugins })
  assert.deepEqual(read.faults, [], text)
  const { services, routes, upstreams, targets } = read.config
  return {
    leftOut: moved.leftOut,
    services: services.map(({ host, port }) => `${host}:${port}`),
    routes: routes.map(({ name }) => name),
    upstreams: upstreams.map(({ name, host_header: host }) => `${name} asks for ${host ?? 'each'}`),
    targets: targets.map(({ target, weight }) => `${target} ${weight}`),
  }
}

const compose = composeDocument('shop', [
  { name: 'web', routes: [{ path: '/', stripPath: false, timeoutMs: 1000 }] },
])

test('for Kong, the services of a stack are the addresses of their instances', () => {
  assert.deepEqual(exported(compose, running), {
    leftOut: [],
    services: ['shop-web:80'],
    routes: ['web-1'],
    upstreams: ['shop-web asks for web'],
    targets: ['127.0.0.1:21001 100', '127.0.0.1:21002 100'],
  })
})

test('what has no address is left out with its routes, and told', () => {
  assert.deepEqual(exported(compose, { 'shop/web': { id: 'shop/web', endpoints: [] } }), {
    leftOut: ['service web-1: no instance of it has an address now'],
    ...{ services: [], routes: [], upstreams: [], targets: [] },
  })
})

test('targets that are services become addresses; hosts that DNS knows stay', () => {
  const text = `_format_version: "3.0"
upstreams: [{ name: up, targets: [{ target: "web:8001", weight: 30 }, { target: "else.example:80" }] }]
services:
  - { name: a, host: up, routes: [{ name: a, paths: [/a] }] }
  - { name: b, url: "https://api.example", routes: [{ name: b, paths: [/b] }] }
`
  const read = readGatewayConfig({ text, file: 'kong.yml' }, { environment: {}, plugins })
  const document = documentOf(read.config, { manager: 'file:shop', stack: 'shop' })
  assert.deepEqual(exported(document, running), {
    leftOut: [],
    services: ['up:80', 'api.example:443'],
    routes: ['a', 'b'],
    upstreams: ['up asks for each'],
    targets: ['else.example:80 100', '127.0.0.1:21001 30', '127.0.0.1:21002 30'],
  })
})
