import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { listsOf } from './lists.ts'

/** A document lists a service that no compose file of the folder has. */
export const unknownService: Rule = {
  id: 'claims/unknown-service',
  title: 'Document lists a service that is not there',
  severity: 'warning',
  why: `It was renamed, removed, or planned and never built. Whoever reads the list looks for its logs, its
port and its owner in vain, most likely in the middle of an incident.`,
  joins: ['tables and lists of documents', 'compose services'],
  fix: 'Remove the line, or add the service.',
  *find(system) {
    for (const { items } of listsOf(system)) {
      const known = items.filter(({ service }) => service !== undefined).length
      for (const { claim, service } of items) {
        if (service !== undefined) continue
        // A title in plain words may name a group or a function; a name in code names a service.
        const isSure = claim.isCode === true
        if (!isSure && claim.name.split(/\s+/).length > 2) continue
        yield {
          ...(isSure ? {} : { severity: 'info' as const }),
          message: `${claim.file} lists ${claim.name}, and no compose file here has such a service`,
          evidence: [
            factAt(claim, `lists ${claim.name}`),
            factAt(system.place('services'), `${known} others of the list are here`),
          ],
          fix: `Remove ${claim.name} from the list, or add it to ${system.files[0] ?? 'compose.yaml'}`,
          subject: claim.name,
        }
      }
    }
  },
  examples: [
    {
      title: 'a service that was planned',
      files: {
        'compose.yaml':
          'services:\n  cart:\n    image: a:1\n  user:\n    image: a:1\n  order:\n    image: a:1\n',
        'README.md':
          '# Shop\n\n## Services\n\n| Service | Port |\n|---|---|\n| `cart` | 1 |\n| `user-service` | 2 |\n| `order` | 3 |\n| `billing` | 4 |\n',
      },
      finds: [{ service: '-', says: 'lists billing' }],
    },
    {
      title: 'lists of other things',
      files: {
        'compose.yaml':
          'services:\n  cart:\n    image: a:1\n  user:\n    image: a:1\n  order:\n    image: a:1\n',
        'README.md':
          '# Shop\n\n## Services\n\n- **Fast**: really\n- **Cart**: a cart\n- **Secure**: yes\n\n## Components\n\n- Cart Service: x\n- User Service: y\n- Order Service: z\n',
      },
      finds: [],
    },
  ],
}
