import { posix } from 'node:path'
import { originsOf } from '@keelson/compose'
import type { Edit } from '../../fix/edit.ts'
import { factAt } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

const everyFolder =
  /^(?:docker|deploy|deployment|compose|docker-compose|infra|infrastructure|app|src|server|backend|local|dev|prod|production|staging|test|ops|stack|services)$/i

/** Named after a folder that every repository has: two stacks on one machine become one. */
export const projectName: Rule = {
  id: 'configuration/project-name',
  title: 'Stack named after a common folder',
  severity: 'info',
  why: `Without \`name:\` the folder's name is the project. \`deploy/\` of two repositories on one machine are
one project then: \`docker compose down --remove-orphans\` in one removes the other's containers.`,
  joins: ['compose name', 'folder', '.env COMPOSE_PROJECT_NAME'],
  fix: 'Write `name:` at the top of the compose file.',
  fixable: 'when asked',
  caution:
    'networks and volumes are named after the stack: what is in volumes of the old name is not taken along.',
  *find({ folder, isDefault, project, envFiles, files: [file = ''], place, tree }) {
    const own = posix.basename(folder)
    const isWritten = originsOf(project, 'name')[0]?.note?.startsWith('folder') !== true
    if (!isDefault || !everyFolder.test(own) || isWritten) return
    if (envFiles.some(({ entries }) => entries.some(({ name }) => name === 'COMPOSE_PROJECT_NAME')))
      return
    yield {
      message: `The stack has no name of its own and is called ${own} after its folder`,
      evidence: [factAt({ ...place('services'), file }, 'no name')],
      fix: `Add name: <product> at the top of ${file}`,
      subject: 'name',
      edits: nameAs(tree, file),
    }
  },
  examples: [
    {
      title: 'in a folder called deploy',
      files: { 'deploy/compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n' },
      finds: [{ service: '-', says: 'called deploy after its folder' }],
    },
    {
      title: 'named',
      files: {
        'deploy/compose.yaml': 'name: shop\nservices:\n  web:\n    image: nginx:1.27\n',
        'shop/compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
      },
      finds: [],
    },
  ],
}

/** After the folder of the repository. Networks and volumes are named after it from then on. */
const nameAs = ({ root }: System['tree'], file: string): readonly Edit[] => {
  const name = posix
    .basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
  const isFit = /^[a-z0-9][a-z0-9_-]*$/.test(name) && !everyFolder.test(name)
  return isFit ? [{ kind: 'set', file, keys: ['name'], value: name }] : []
}
