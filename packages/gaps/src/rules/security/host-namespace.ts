import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isFoundByBroadcast, isHostAgent } from './host-agents.ts'

const keys = [
  { key: 'network_mode', gives: 'every port of the host is its own' },
  { key: 'pid', gives: 'it sees and signals every process of the host' },
  { key: 'ipc', gives: 'it shares memory with the host' },
  { key: 'uts', gives: 'it can rename the host' },
  { key: 'userns_mode', gives: 'its root is the root of the host' },
] as const

/** A container that shares a namespace with the host. */
export const hostNamespace: Rule = {
  id: 'security/host-namespace',
  title: 'Namespace of the host',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `With \`network_mode: host\` every port a service opens is open to whoever reaches the machine, past
\`ports\` and past the firewall of the compose file; with \`pid: host\` one container can read the
environment, with its passwords, of all processes.`,
  joins: ['network_mode', 'pid', 'ipc', 'uts', 'userns_mode'],
  fix: 'Publish the ports it serves, and take the namespace away.',
  *find(system) {
    for (const service of system.services.values()) {
      const { name, place } = service
      for (const { key, gives } of keys) {
        if (valueOf(service, key) !== 'host') continue
        const isMeant =
          isHostAgent(service) || (key === 'network_mode' && isFoundByBroadcast(service))
        yield {
          service: name,
          ...(isMeant ? { severity: 'info' } : {}),
          message: `${name} shares ${key} with the host: ${gives}`,
          evidence: [factAt(place(key), `${key}: host`)],
          fix: key === 'network_mode' ? 'Publish its ports with ports' : `Take ${key} away`,
          subject: key,
        }
      }
    }
  },
  examples: [
    {
      title: 'the network of the host',
      files: {
        'compose.yaml': 'services:\n  api: { image: "example/api:1", network_mode: host }\n',
      },
      finds: [{ service: 'api', says: 'every port', severity: 'warning' }],
    },
    {
      title: 'what is found by broadcasts',
      files: {
        'compose.yaml':
          'services:\n  tv: { image: "jellyfin/jellyfin:10.10", network_mode: host }\n',
      },
      finds: [{ service: 'tv', says: 'every port', severity: 'info' }],
    },
    {
      title: 'of another service, and private',
      files: {
        'compose.yaml': `services:
  api: { image: "example/api:1", ipc: private }
  side: { image: "example/side:1", network_mode: "service:api" }
`,
      },
      finds: [],
    },
  ],
}

const valueOf = ({ model }: ServiceEvidence, key: (typeof keys)[number]['key']) => {
  if (key === 'network_mode') return model.networkMode
  return key === 'userns_mode' ? model.usernsMode : model[key]
}
