import { factAt, type Fact } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** More than one instance is wanted of what there can be only one of. */
export const fixedNameReplicas: Rule = {
  id: 'resilience/fixed-name-replicas',
  title: 'Replicas that exclude each other',
  severity: 'error',
  why: `A container name and a host port exist once. The second replica is refused ("port is already
allocated"), often in the middle of a scale-up that was meant to save the day.`,
  joins: ['deploy.replicas', 'scale', 'container_name', 'ports'],
  fix: 'Take the name away; publish a range of ports, or put a proxy in front.',
  *find({ services }) {
    for (const service of services.values()) {
      const { name, model, place, isWritten } = service
      if (model.replicas < 2 || isForSwarm(service)) continue
      const clash = clashOf(service)
      if (clash === undefined) continue
      const key = isWritten('scale') ? ['scale'] : ['deploy', 'replicas']
      yield {
        service: name,
        message: `${name} is to run ${model.replicas} times, but ${clash.says}`,
        evidence: [factAt(place(...key), `${model.replicas} replicas`), clash.fact],
        fix: clash.fix,
        subject: clash.says,
      }
    }
  },
  examples: [
    {
      title: 'a name and a port of which there is one',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    container_name: api
    deploy: { replicas: 3 }
  web:
    image: example/web:1
    ports: ["8080:80"]
    scale: 2
`,
      },
      finds: [
        { service: 'api', says: 'has a fixed container name' },
        { service: 'web', says: 'host port 8080' },
      ],
    },
    {
      title: 'a range wide enough, any port, a swarm',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    ports: ["8000-8002:80", "90"]
    deploy: { replicas: 3 }
  web:
    image: example/web:1
    container_name: web
    ports: ["8080:80"]
  swarm:
    image: example/swarm:1
    ports: ["8081:80"]
    deploy: { replicas: 2, placement: { constraints: ["node.role == worker"] } }
`,
      },
      finds: [],
    },
  ],
}

/** A swarm shares a port between the replicas and ignores the name. */
const isForSwarm = ({ model }: ServiceEvidence): boolean =>
  model.deploy?.placement !== undefined ||
  model.deploy?.updateConfig !== undefined ||
  model.deploy?.endpointMode !== undefined ||
  model.deploy?.mode === 'global'

const clashOf = ({
  model,
  place,
}: ServiceEvidence): { says: string; fact: Fact; fix: string } | undefined => {
  if (model.containerName !== undefined) {
    return {
      says: 'it has a fixed container name',
      fact: factAt(place('container_name'), `container_name: ${model.containerName}`),
      fix: 'Take container_name away: every replica gets a name of its own',
    }
  }
  for (const [index, { published }] of model.ports.entries()) {
    if (published === undefined || published === '' || published === '0') continue
    const [first = 0, last = first] = published.split('-').map(Number)
    if (last - first + 1 >= model.replicas) continue
    return {
      says: `it publishes host port ${published}`,
      fact: factAt(place('ports', String(index)), `host port ${published}`),
      fix: `Publish a range (${first}-${first + model.replicas - 1}), or put a proxy in front`,
    }
  }
  return undefined
}
