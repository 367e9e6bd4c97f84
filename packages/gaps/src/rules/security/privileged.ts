import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { isHostAgent } from './host-agents.ts'

/** Capabilities that are as good as being root on the host. */
const dangerous = new Map([
  ['ALL', 'every right there is'],
  ['SYS_ADMIN', 'mounts and namespaces'],
  ['SYS_MODULE', 'kernel modules'],
  ['SYS_RAWIO', 'raw access to memory and disks'],
  ['SYS_PTRACE', 'the memory of other processes'],
  ['SYS_BOOT', 'restart of the machine'],
  ['DAC_READ_SEARCH', 'every file, whatever its mode'],
  ['BPF', 'programs in the kernel'],
])

/** A container with the rights of the host. */
export const privileged: Rule = {
  id: 'security/privileged',
  title: 'Rights of the host',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `Whoever breaks into a privileged container has the machine: its disks, its kernel, every other
container. One hole in a metrics collector is then a hole in everything.`,
  joins: ['privileged', 'cap_add'],
  fix: 'Give the one device or capability it needs in place of all.',
  *find({ services }) {
    for (const service of services.values()) {
      const { name, model, place, isUnset } = service
      // What watches the host is meant to; that it could do with less is worth knowing.
      const meant = isHostAgent(service) ? { severity: 'info' as const } : {}
      if (model.privileged && !isUnset('privileged')) {
        yield {
          service: name,
          ...meant,
          message: `${name} is privileged: it has every right of the host`,
          evidence: [factAt(place('privileged'), 'privileged: true')],
          fix: 'Name the devices and cap_add it needs in place of privileged',
          subject: 'privileged',
        }
      }
      for (const [index, written] of model.capAdd.entries()) {
        const capability = written.toUpperCase().replace(/^CAP_/, '')
        const gives = dangerous.get(capability)
        if (gives === undefined) continue
        yield {
          service: name,
          ...meant,
          message: `${name} has the capability ${capability}: ${gives}`,
          evidence: [factAt(place('cap_add', String(index)), `adds ${written}`)],
          fix: `Take ${written} away, or say beside it what it is for`,
          subject: capability,
        }
      }
    }
  },
  examples: [
    {
      title: 'all rights, and one that is as good',
      files: {
        'compose.yaml': `services:
  a: { image: "example/a:1", privileged: true }
  b: { image: "example/b:1", cap_add: [SYS_ADMIN] }
`,
      },
      finds: [
        { service: 'a', says: 'privileged' },
        { service: 'b', says: 'SYS_ADMIN' },
      ],
    },
    {
      title: 'a program that watches the host',
      files: {
        'compose.yaml': `services:
  cadvisor: { image: "gcr.io/cadvisor/cadvisor:v0.52.1", privileged: true }
`,
      },
      finds: [{ service: 'cadvisor', says: 'privileged', severity: 'info' }],
    },
    {
      title: 'a network of its own, for which the kernel loads a module',
      files: {
        'compose.yaml':
          'services:\n  vpn: { image: "linuxserver/wireguard:1.0.2", cap_add: [NET_ADMIN, SYS_MODULE] }\n',
      },
      finds: [{ service: 'vpn', says: 'SYS_MODULE', severity: 'info' }],
    },
    {
      title: 'a capability for the network, and none',
      files: {
        'compose.yaml': `services:
  a: { image: "example/a:1", privileged: false }
  b: { image: "example/b:1", cap_add: [NET_ADMIN], cap_drop: [ALL] }
`,
      },
      finds: [],
    },
  ],
}
