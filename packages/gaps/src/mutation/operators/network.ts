import { operator } from '../mutant.ts'
import { changeText } from '../healthy.ts'
import { eachService, hasOnePort, having, isBuilt, isStore, withVariable } from '../services.ts'
import type { ServiceEvidence } from '../../systems/system.ts'

/** An address of the stack in a variable: `REDIS_URL: redis://redis:6379/0`. */
const addressed = (service: ServiceEvidence, names: ReadonlySet<string>) =>
  [...service.environment].flatMap(([variable, { value, from }]) => {
    const parts = /^([a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?)([A-Za-z][\w.-]*):(\d+)(.*)$/.exec(
      value ?? '',
    )
    const [, before = '', host = '', port = '', after = ''] = parts ?? []
    return parts !== null && from === 'compose' && names.has(host)
      ? [{ variable, before, host, port, after }]
      : []
  })

export const networkOperators = [
  operator({
    rule: 'network/port-collision',
    breaks: 'two services publish one port of the host',
    also: ['claims/wrong-port', 'routes/unrouted', 'network/dead-port'],
    *mutants(healthy) {
      const taken = [...healthy.system.services.values()].find(
        ({ model }) => model.ports[0]?.published !== undefined,
      )
      const port = taken?.model.ports[0]
      if (taken === undefined || port === undefined) return
      for (const mutant of eachService(
        healthy,
        (service) => service.name !== taken.name && service.serves[0] !== undefined,
        having(['ports'], ({ serves }) => [
          `${port.hostIp ?? '127.0.0.1'}:${port.published}:${serves[0]?.port}`,
        ]),
      )) {
        // Either of the two may be named.
        yield { about: mutant.about, changes: mutant.changes }
      }
    },
  }),
  operator({
    rule: 'network/dead-port',
    breaks: 'a published port is one that nothing serves',
    also: ['claims/wrong-port', 'routes/unrouted'],
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) =>
          service.model.ports.length > 0 && service.serves.length > 0 && hasOnePort(service),
        having(['ports'], ({ model }) => {
          const [first] = model.ports
          return [`${first?.hostIp ?? '127.0.0.1'}:${first?.published ?? 39_999}:39`]
        }),
      )
    },
  }),
  operator({
    rule: 'network/unreachable-host',
    breaks: 'a service is on a network that those who call it are not on',
    also: ['routes/dead-upstream', 'observability/dead-target', 'claims/wrong-port'],
    *mutants(healthy) {
      const called = new Set(
        [...healthy.system.services.values()].flatMap((service) =>
          addressed(service, new Set(healthy.system.services.keys())).map(({ host }) => host),
        ),
      )
      for (const mutant of eachService(
        healthy,
        ({ name }) => called.has(name),
        (document, keys) => {
          document.setIn([...keys, 'networks'], document.createNode(['island']))
          if (!document.hasIn(['networks'])) return false
          document.setIn(['networks', 'island'], document.createNode({}))
          return undefined
        },
      )) {
        yield { about: mutant.about, changes: mutant.changes }
      }
    },
  }),
  ...(
    [
      ['network/unknown-host', 'an address names a host that there is not', 'ledger-db', undefined],
      ['network/localhost', 'an address says localhost', 'localhost', undefined],
      [
        'network/wrong-port',
        'an address has a port that the service does not serve',
        undefined,
        '39',
      ],
    ] as const
  ).map(([rule, breaks, otherHost, otherPort]) =>
    operator({
      rule,
      breaks,
      also: ['missing/unused-service', 'network/exposed'],
      *mutants(healthy) {
        const { services } = healthy.system
        const names = new Set(
          [...services.values()]
            // Whose port is its own affair cannot be asked at the wrong one.
            .filter(
              ({ build, model }) =>
                build !== undefined ||
                otherPort === undefined ||
                (model.command === undefined && model.entrypoint === undefined),
            )
            .map(({ name }) => name),
        )
        const isFor = ({ before }: { before: string }) =>
          otherHost !== 'localhost' || !before.startsWith('http')
        yield* eachService(
          healthy,
          (service) => addressed(service, names).some(isFor),
          (document, keys, service) => {
            const one = addressed(service, names).find(isFor)
            if (one === undefined) return false
            const { variable, before, host, port, after } = one
            const value = `${before}${otherHost ?? host}:${otherPort ?? port}${after}`
            // As it is on a developer's machine, where the port is published.
            const published = ['services', host, 'ports']
            if (otherHost === 'localhost' && document.hasIn(['services', host])) {
              document.setIn(published, document.createNode([`127.0.0.1:${port}:${port}`]))
            }
            return withVariable(document, keys, variable, value)
          },
        )
      },
    }),
  ),
  operator({
    rule: 'network/exposed',
    breaks: 'a store is open to every network',
    also: ['network/port-collision', 'claims/wrong-port'],
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) => isStore(service) && service.serves[0] !== undefined,
        having(['ports'], ({ serves }) => [`${serves[0]?.port}:${serves[0]?.port}`]),
      )
    },
  }),
  operator({
    rule: 'network/unused',
    breaks: 'a network or a volume that nobody uses is declared',
    *mutants(healthy) {
      const [file = ''] = healthy.system.files
      for (const kind of ['networks', 'volumes'] as const) {
        const changes = changeText(healthy, file, (text) =>
          text.replace(new RegExp(`^${kind}:$`, 'm'), `${kind}:\n  spare-${kind}: {}`),
        )
        if (changes !== undefined) yield { about: kind, changes }
      }
    },
  }),
  operator({
    rule: 'network/machine-name',
    breaks: 'an address names the host as only Docker Desktop does',
    also: ['configuration/variable-not-read'],
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) => isBuilt(service) && service.model.networkMode === undefined,
        (document, keys) =>
          withVariable(document, keys, 'HOST_AGENT_URL', 'http://host.docker.internal:9000'),
      )
    },
  }),
]
