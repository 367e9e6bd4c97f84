import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { GatewayConfig, Route, Service } from '../../config/model.ts'
import type { GatewayDocument } from '../../snapshot.ts'
import { entriesOf } from './entries.ts'

const service = (id: string, changes: Partial<Service> = {}): Service => ({
  id,
  tags: [],
  name: id,
  protocol: 'http',
  host: id,
  port: 80,
  path: null,
  retries: 5,
  connect_timeout: 60_000,
  write_timeout: 60_000,
  read_timeout: 60_000,
  enabled: true,
  client_certificate: null,
  ca_certificates: [],
  tls_verify: null,
  tls_verify_depth: null,
  'x-keelson': {},
  ...changes,
})

const route = (id: string, changes: Partial<Route> = {}): Route => ({
  id,
  tags: [],
  name: id,
  service: null,
  protocols: ['http', 'https'],
  methods: [],
  hosts: [],
  paths: ['/'],
  headers: {},
  snis: [],
  sources: [],
  destinations: [],
  strip_path: true,
  preserve_host: false,
  regex_priority: 0,
  path_handling: 'v0',
  https_redirect_status_code: 426,
  request_buffering: true,
  response_buffering: true,
  'x-keelson': {},
  ...changes,
})

const documentOf = (manager: string, parts: Partial<GatewayConfig>): GatewayDocument => ({
  manager,
  stack: null,
  style: 'kong',
  config: {
    services: [],
    routes: [],
    upstreams: [],
    targets: [],
    consumers: [],
    credentials: [],
    acls: [],
    plugins: [],
    certificates: [],
    snis: [],
    ca_certificates: [],
    vaults: [],
    ...parts,
  },
})

test('routes of all documents, without those that serve nothing over HTTP', () => {
  const first = documentOf('compose:shop', {
    services: [service('on', { path: '/base' }), service('off', { enabled: false })],
    routes: [
      route('with-service', { service: 'on', 'x-keelson': { segments: true } }),
      route('service-off', { service: 'off' }),
      route('tcp', { protocols: ['tcp', 'tls'], snis: ['x.test'] }),
      route('no-condition', { paths: [] }),
    ],
  })
  const second = documentOf('api', { routes: [route('serviceless', { strip_path: false })] })
  const entries = entriesOf([first, second], (found) => ({
    manager: found.document.manager,
    host: found.service?.host ?? null,
  }))
  assert.deepEqual(
    entries.map(({ id, servicePath, segments, stripPath, value }) => ({
      id,
      servicePath,
      segments,
      stripPath,
      value,
    })),
    [
      {
        id: 'with-service',
        servicePath: '/base',
        segments: true,
        stripPath: true,
        value: { manager: 'compose:shop', host: 'on' },
      },
      {
        id: 'serviceless',
        servicePath: null,
        segments: false,
        stripPath: false,
        value: { manager: 'api', host: null },
      },
    ],
  )
})

test('versions know those of their own document only', () => {
  const versioned = (version: string) =>
    route(`route-${version}`, { 'x-keelson': { version: { api: 'users', version, by: 'header' } } })
  const entries = entriesOf(
    [
      documentOf('compose:a', { routes: [versioned('2'), versioned('1')] }),
      documentOf('compose:b', { routes: [versioned('3')] }),
    ],
    () => null,
  )
  assert.deepEqual(
    entries.map(({ version }) => version?.served.known),
    [['1', '2'], ['1', '2'], ['3']],
  )
})
