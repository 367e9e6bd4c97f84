import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { GatewayConfig, Route, Service } from '../../config/model.ts'
import type { GatewayDocument } from '../../snapshot.ts'
import { aConfig, aRoute, aService } from '../../testing/entities.ts'
import { entriesOf } from './entries.ts'

const service = (id: string, changes: Partial<Service> = {}): Service =>
  aService(id, { host: id, ...changes })

const route = (id: string, { service: of = null, ...changes }: Partial<Route> = {}): Route =>
  aRoute(id, of, changes)

const documentOf = (manager: string, parts: Partial<GatewayConfig>): GatewayDocument => ({
  ...{ manager, stack: null, style: 'kong', config: aConfig(parts) },
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
