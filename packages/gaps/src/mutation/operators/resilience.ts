import { isJob } from '../../rules/health/checks.ts'
import { operator } from '../mutant.ts'
import { anyService, eachService, having, isOfKind, isStore, without } from '../services.ts'

export const resilienceOperators = [
  operator({
    rule: 'resilience/fixed-name-replicas',
    breaks: 'two replicas have one container name',
    also: ['network/port-collision', 'claims/service-count'],
    *mutants(healthy) {
      yield* eachService(healthy, anyService, (document, keys, { name }) => {
        document.setIn([...keys, 'container_name'], `the-${name}`)
        document.setIn([...keys, 'deploy'], document.createNode({ replicas: 2 }))
      })
    },
  }),
  operator({
    rule: 'resilience/state-without-volume',
    breaks: 'a store loses its volume',
    also: ['network/unused', 'resilience/no-backup'],
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) =>
          isOfKind('database', 'search', 'object store')(service) &&
          service.model.volumes.length > 0,
        without('volumes'),
      )
    },
  }),
  operator({
    rule: 'resilience/memory-limit',
    breaks: 'a service has no limit of memory',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) => isStore(service) && !isJob(service, healthy.system),
        (document, keys) => {
          const limit = ['deploy', 'resources', 'limits', 'memory']
          const own = [['mem_limit'], limit].filter((path) => document.hasIn([...keys, ...path]))
          for (const path of own) document.deleteIn([...keys, ...path])
          return own.length > 0
        },
      )
    },
  }),
  operator({
    rule: 'resilience/graceful-stop',
    breaks: 'a service is stopped by SIGKILL',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        anyService,
        having(['stop_signal'], () => 'SIGKILL'),
      )
    },
  }),
  operator({
    rule: 'resilience/graceful-stop',
    breaks: 'a database gets one second to stop',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) => isStore(service) && !isOfKind('cache')(service),
        having(['stop_grace_period'], () => '1s'),
      )
    },
  }),
]
