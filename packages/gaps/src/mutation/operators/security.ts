import { changeText } from '../healthy.ts'
import { operator } from '../mutant.ts'
import { anyService, eachService, having, isBuilt, withVariable } from '../services.ts'
import type { ServiceEvidence } from '../../systems/system.ts'

const isNamed =
  (...names: readonly string[]) =>
  ({ image, build }: ServiceEvidence): boolean =>
    build === undefined && names.includes(image?.name ?? '')

export const securityOperators = [
  operator({
    rule: 'security/no-authentication',
    breaks: 'a database asks for no password',
    *mutants(healthy) {
      yield* eachService(healthy, isNamed('postgres'), (document, keys) =>
        withVariable(document, keys, 'POSTGRES_HOST_AUTH_METHOD', 'trust'),
      )
      yield* eachService(healthy, isNamed('grafana/grafana'), (document, keys) =>
        withVariable(document, keys, 'GF_AUTH_ANONYMOUS_ENABLED', 'true'),
      )
      yield* eachService(healthy, isNamed('mysql', 'mariadb'), (document, keys) =>
        withVariable(document, keys, 'MYSQL_ALLOW_EMPTY_PASSWORD', 'yes'),
      )
    },
  }),
  operator({
    rule: 'security/plain-credentials',
    breaks: 'a password goes over plain HTTP to another host',
    also: ['configuration/secret-in-file', 'configuration/variable-not-read'],
    *mutants(healthy) {
      const address = `http://reporter:${['q7Lw', '3xZt'].join('')}@metrics.northwind.io/push`
      yield* eachService(healthy, isBuilt, (document, keys) =>
        withVariable(document, keys, 'REPORT_URL', address),
      )
    },
  }),
  operator({
    rule: 'security/privileged',
    breaks: 'a service is privileged',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        anyService,
        having(['privileged'], () => true),
      )
    },
  }),
  operator({
    rule: 'security/privileged',
    breaks: 'a service has the capability SYS_ADMIN',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        anyService,
        having(['cap_add'], () => ['SYS_ADMIN']),
      )
    },
  }),
  operator({
    rule: 'security/host-namespace',
    breaks: 'a service shares the processes of the host',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ model }) => model.pid === undefined,
        having(['pid'], () => 'host'),
      )
    },
  }),
  operator({
    rule: 'security/host-files',
    breaks: 'a service holds the socket of the engine',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ model }) => model.volumes.length === 0,
        having(['volumes'], () => ['/var/run/docker.sock:/var/run/docker.sock']),
      )
    },
  }),
  operator({
    rule: 'security/root-user',
    breaks: 'the Dockerfile no longer names a user',
    *mutants(healthy) {
      const told = new Set<string>()
      for (const { build } of healthy.system.services.values()) {
        const file = build?.dockerfile?.file
        if (file === undefined || told.has(file)) continue
        told.add(file)
        const changes = changeText(healthy, file, (text) => text.replaceAll(/^USER .*\n/gm, ''))
        if (changes !== undefined) yield { about: file, changes }
      }
    },
  }),
]
