import { factAt } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

/** A network or a volume is declared and no service has it. */
export const unused: Rule = {
  id: 'network/unused',
  title: 'Declared and used by nobody',
  severity: 'info',
  why: `A volume that no service mounts often means that the data is believed to be kept and is not: the
mount was dropped or misspelt. A network that no service joins separates nothing from anything.`,
  joins: ['top-level networks and volumes', 'networks and volumes of the services'],
  fix: 'Use it, or delete it.',
  fixable: 'when asked',
  caution: 'a volume that nothing mounts may be one that a mount was meant to name.',
  *find(system) {
    yield* unusedVolumes(system)
    yield* unusedNetworks(system)
  },
  examples: [
    {
      title: 'a volume that nothing mounts',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    volumes: ["/var/lib/postgresql/data"]
volumes: { db-data: {} }
`,
      },
      finds: [{ service: '-', says: 'volume db-data' }],
    },
    {
      title: 'both are used',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    networks: [back]
    volumes: ["db-data:/var/lib/postgresql/data"]
volumes: { db-data: {} }
networks: { back: {} }
`,
      },
      finds: [],
    },
    {
      title: 'an overlay of the same folder uses it',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
volumes: { db-data: {} }
`,
        'compose.prod.yaml': `services:
  db:
    volumes: ["db-data:/var/lib/postgresql/data"]
`,
      },
      finds: [],
    },
  ],
}

function* unusedVolumes(system: System): Generator<Found> {
  const isUsedIn = ({ services }: System, key: string) =>
    [...services.values()].some(({ model }) =>
      model.volumes.some(({ type, source }) => type === 'volume' && source === key),
    )
  for (const key of Object.keys(system.project.volumes)) {
    if (!system.isWritten('volumes', key)) continue
    if (system.readings().some((reading) => isUsedIn(reading, key))) continue
    yield report(system, 'volume', key, 'mounts')
  }
}

function* unusedNetworks(system: System): Generator<Found> {
  const isUsedIn = ({ services }: System, key: string) =>
    [...services.values()].some(({ model }) => key in model.networks)
  for (const key of Object.keys(system.project.networks)) {
    // `default` is set up for the services that name no network.
    if (key === 'default' || !system.isWritten('networks', key)) continue
    if (system.readings().some((reading) => isUsedIn(reading, key))) continue
    yield report(system, 'network', key, 'joins')
  }
}

const report = (system: System, kind: 'volume' | 'network', key: string, verb: string): Found => ({
  message: `The ${kind} ${key} is declared, and no service ${verb} it`,
  evidence: [factAt(system.place(`${kind}s`, key), `${kind} ${key}`)],
  fix: `Delete it, or let the service that it was made for use it`,
  subject: `${kind} ${key}`,
  edits: [{ kind: 'remove', file: system.place(`${kind}s`, key).file, keys: [`${kind}s`, key] }],
})
