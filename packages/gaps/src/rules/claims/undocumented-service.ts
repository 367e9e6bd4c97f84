import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { plainName } from './documents.ts'
import { listsOf } from './lists.ts'

/** The document has a list of services, and one that is built here is not on any. */
export const undocumentedService: Rule = {
  id: 'claims/undocumented-service',
  title: 'Service is on no list',
  severity: 'info',
  why: `Whoever works from the list forgets it: in a review, a capacity plan, a backup or a move.`,
  joins: ['compose services', 'tables and lists of documents'],
  fix: 'Add a line for it.',
  *find(system) {
    const lists = listsOf(system)
    const [list] = lists.toSorted((a, b) => b.items.length - a.items.length)
    if (list === undefined) return
    const listed = new Set(
      lists.flatMap(({ items }) => items).flatMap(({ service }) => service?.name ?? []),
    )
    const mentioned = system.documents
      .flatMap(({ claims }) => claims)
      .flatMap((claim) =>
        'text' in claim ? plainName(`${claim.text} ${claim.section ?? ''}`) : [],
      )
    for (const service of system.services.values()) {
      const { name, build, isEnabled, at } = service
      if (build === undefined || !isEnabled || listed.has(name)) continue
      if (mentioned.some((text) => text.includes(plainName(name)))) continue
      yield {
        service: name,
        message: `${name} is missing from the list of services in ${list.file}`,
        evidence: [
          factAt(at, `${name} is a service`),
          factAt(list.at, `lists ${list.items.length} others`),
        ],
        fix: `Add ${name} to the list in ${list.file}`,
        subject: name,
      }
    }
  },
  examples: [
    {
      title: 'the newest one',
      files: {
        'compose.yaml':
          'services:\n  cart:\n    image: a:1\n  user:\n    image: a:1\n  order:\n    image: a:1\n  genai:\n    build: genai\n',
        'README.md': '# Shop\n\n## Services\n\n- `cart`: x\n- `user`: y\n- `order`: z\n',
      },
      finds: [
        { service: 'genai', says: 'genai is missing from the list of services in README.md' },
      ],
    },
    {
      title: 'no list, and a part that is bought in',
      files: {
        'compose.yaml': 'services:\n  cart:\n    build: cart\n  db:\n    image: postgres:17\n',
        'README.md': '# Shop\n\nA shop.\n',
      },
      finds: [],
    },
  ],
}
