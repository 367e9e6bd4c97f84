import { factAt } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'

const tools =
  /backup|restic|borg|pgbackrest|barman|wal-g|walg|duplicati|duplicacy|velero|kopia|litestream|offen|snapshot|dump/i

/** Data that nobody saves. */
export const noBackup: Rule = {
  id: 'resilience/no-backup',
  title: 'Volume that nobody backs up',
  severity: 'info',
  why: `A volume is one disk of one machine. \`docker volume prune\` or a broken disk ends it, and a backup that
is "done somewhere else" is often done nowhere.`,
  joins: ['volumes', 'known images', 'services and files that speak of backups'],
  fix: 'Add a job that dumps the database to another place, and try to restore it.',
  *find(system) {
    if (isForTests(system) || speaksOfBackups(system)) return
    for (const { name, model, image, place } of system.services.values()) {
      const kind = image?.known?.kind
      if (image === undefined || (kind !== 'database' && kind !== 'object store')) continue
      const index = model.volumes.findIndex(
        ({ type, source, target }) =>
          type === 'volume' &&
          source !== undefined &&
          image.known?.data.some((path) => path === target || path.startsWith(`${target}/`)),
      )
      const volume = model.volumes[index]
      const isAnotherMan = [...system.services.values()].some(
        (other) =>
          other.name !== name &&
          other.image?.name !== image.name &&
          other.model.volumes.some(({ source }) => source === volume?.source),
      )
      if (volume?.source === undefined || isAnotherMan) continue
      yield {
        service: name,
        message: `nothing backs up the volume ${volume.source} of ${name}`,
        evidence: [
          factAt(place('volumes', String(index)), `data in ${volume.source}`),
          factAt(system.place('services'), 'no service, script or workflow speaks of a backup'),
        ],
        fix: `Add a service that dumps ${name} to another machine, once a day`,
        subject: volume.source,
      }
    }
  },
  examples: [
    {
      title: 'a database on a volume, and nothing else',
      files: {
        'compose.yaml': `services:
  db: { image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"] }
volumes: { data: {} }
`,
      },
      finds: [{ service: 'db', says: 'nothing backs up the volume data' }],
    },
    {
      title: 'a service for it',
      files: {
        'compose.yaml': `services:
  db: { image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"] }
  backup: { image: "example/pg-dump:1", depends_on: [db] }
volumes: { data: {} }
`,
      },
      finds: [],
    },
    {
      title: 'a script for it',
      files: {
        'compose.yaml': `services:
  db: { image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"] }
volumes: { data: {} }
`,
        'scripts/backup.sh': 'pg_dump\n',
      },
      finds: [],
    },
  ],
}

const speaksOfBackups = ({ services, tree, ci }: System): boolean =>
  [...services.values()].some(
    ({ name, model }) => tools.test(name) || tools.test(model.image ?? ''),
  ) ||
  tree.files.some((file) => tools.test(file)) ||
  ci.some(({ commands }) => commands.some(({ command }) => tools.test(command.slice(0, 500))))
