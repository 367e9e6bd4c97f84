import { isJob } from '../../rules/health/checks.ts'
import { operator } from '../mutant.ts'
import { eachService, hasOnePort, having, isOfKind, without } from '../services.ts'
import type { ServiceEvidence } from '../../systems/system.ts'

const hasOwnCheck = (service: ServiceEvidence): boolean =>
  service.model.healthcheck?.test !== undefined && service.isWritten('healthcheck')

/** The text of its check; `[CMD, …]` and `[CMD-SHELL, …]` alike. */
const testOf = ({ model }: ServiceEvidence): string[] => [...(model.healthcheck?.test ?? [])]

/** Its Dockerfile has one, or its image has, or may have. */
const hasCheckOfImage = ({ build, image }: ServiceEvidence): boolean =>
  build === undefined
    ? image?.known?.hasHealthcheck !== false
    : build.dockerfile?.stages.at(-1)?.healthcheck !== undefined

const hasKnownPort = (service: ServiceEvidence): boolean =>
  hasOnePort(service) || isOfKind('alerting')(service)

const isHttp = (service: ServiceEvidence): boolean => /https?:\/\//.test(testOf(service).join(' '))

export const healthOperators = [
  operator({
    rule: 'health/no-check',
    breaks: 'a service loses its check',
    also: ['health/wait-without-check'],
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) =>
          hasOwnCheck(service) &&
          !hasCheckOfImage(service) &&
          !isJob(service, healthy.system) &&
          !isWaitedFor(service.name, healthy.system.services),
        without('healthcheck'),
      )
    },
  }),
  operator({
    rule: 'health/wait-without-check',
    breaks: 'a service that is waited for loses its check',
    also: ['health/no-check'],
    *mutants(healthy) {
      const { services } = healthy.system
      for (const mutant of eachService(
        healthy,
        (service) => hasOwnCheck(service) && isWaitedFor(service.name, services),
        having(['healthcheck'], () => ({ disable: true })),
      )) {
        // The finding is of whoever waits.
        yield { about: mutant.about, changes: mutant.changes }
      }
    },
  }),
  operator({
    rule: 'health/wait-not-ready',
    breaks: 'a service only waits for the start of what it depends on',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ model }) =>
          Object.values(model.dependsOn).some(({ condition }) => condition === 'service_healthy'),
        having(['depends_on'], ({ model }) => Object.keys(model.dependsOn)),
      )
    },
  }),
  operator({
    rule: 'health/start-order',
    breaks: 'two services wait for each other',
    also: ['compose/does-not-load'],
    *mutants(healthy) {
      for (const service of healthy.system.services.values()) {
        const [first] = Object.keys(service.model.dependsOn)
        if (first === undefined) continue
        const [mutant] = eachService(
          healthy,
          ({ name }) => name === first,
          having(['depends_on'], () => [service.name]),
        )
        if (mutant === undefined) continue
        yield { about: `${first} waits for ${service.name}`, changes: mutant.changes }
      }
    },
  }),
  operator({
    rule: 'health/start-order',
    breaks: 'a service waits for the end of a server',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ model }) =>
          Object.keys(model.dependsOn).some((name) => isStoreName(name, healthy.system.services)),
        (document, keys, { model }) => {
          const name = Object.keys(model.dependsOn).find((one) =>
            isStoreName(one, healthy.system.services),
          )
          const at = [...keys, 'depends_on', name ?? '', 'condition']
          if (!document.hasIn(at)) return false
          document.setIn(at, 'service_completed_successfully')
          return undefined
        },
      )
    },
  }),
  operator({
    rule: 'health/probe-program',
    breaks: 'a check runs a program that is not in the image',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ image, build }) =>
          (build?.dockerfile?.stages.at(-1)?.base?.known ?? image?.known)?.lacks.length !== 0 &&
          (build?.dockerfile?.stages.at(-1)?.base?.known ?? image?.known) !== undefined,
        (document, keys, { image, build }) => {
          const known = build?.dockerfile?.stages.at(-1)?.base?.known ?? image?.known
          const installed = build?.dockerfile?.stages.at(-1)?.installs
          const program = known?.lacks.find((one) => installed?.has(one) !== true)
          if (program === undefined) return false
          const test = ['CMD', program, '-f', 'http://localhost/']
          document.setIn([...keys, 'healthcheck', 'test'], test)
          return undefined
        },
      )
    },
  }),
  operator({
    rule: 'health/probe-target',
    breaks: 'a check asks a port that nothing serves',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) => hasOwnCheck(service) && isHttp(service) && hasKnownPort(service),
        having(['healthcheck', 'test'], (service) =>
          testOf(service).map((word) => word.replace(/(https?:\/\/[^/:]+)(?::\d+)?/, '$1:9')),
        ),
      )
    },
  }),
  operator({
    rule: 'health/check-cannot-fail',
    breaks: 'a check ends with "or true"',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        hasOwnCheck,
        having(['healthcheck', 'test'], (service) => {
          const [, ...words] = testOf(service)
          return ['CMD-SHELL', `${words.join(' ')} || true`]
        }),
      )
    },
  }),
  operator({
    rule: 'health/check-cannot-fail',
    breaks: 'a check is the word true',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        hasOwnCheck,
        having(['healthcheck', 'test'], () => ['CMD', 'true']),
      )
    },
  }),
  operator({
    rule: 'health/no-restart',
    breaks: 'a service is not started again',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ model }) => model.restart.condition !== 'no',
        (document, keys) => {
          if (!document.hasIn([...keys, 'restart'])) return false
          document.deleteIn([...keys, 'restart'])
          return undefined
        },
      )
    },
  }),
]

const isWaitedFor = (name: string, services: ReadonlyMap<string, ServiceEvidence>): boolean =>
  [...services.values()].some(({ model }) => model.dependsOn[name]?.condition === 'service_healthy')

const isStoreName = (name: string, services: ReadonlyMap<string, ServiceEvidence>): boolean => {
  const one = services.get(name)
  const kind = one?.build === undefined ? one?.image?.known?.kind : undefined
  return kind !== undefined && ['database', 'cache', 'broker', 'search'].includes(kind)
}
