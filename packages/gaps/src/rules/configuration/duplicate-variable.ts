import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'

/** Two values for one name in one file: the last one counts, and the first is the one that is seen. */
export const duplicateVariable: Rule = {
  id: 'configuration/duplicate-variable',
  title: 'Variable defined twice',
  severity: 'warning',
  why: `The last line wins. Whoever changes the first one, which is the one a search finds, changes nothing:
rotated passwords and hosts that "do not take" are of this kind.`,
  joins: ['env files'],
  fix: 'Delete the line that does not count.',
  *find({ envFiles }) {
    for (const { file, entries, isExample } of envFiles) {
      const written = entries.filter(({ isOffered }) => isOffered !== true)
      for (const [name, lines] of Map.groupBy(written, (entry) => entry.name)) {
        const last = lines.at(-1)
        const other = lines.find(({ value }) => value !== last?.value)
        if (last === undefined || other === undefined) continue
        yield {
          ...(isExample ? { severity: 'info' as const } : {}),
          message: `${name} has ${lines.length} values in ${file}; line ${last.line} counts`,
          evidence: [factAt(other, 'does not count'), factAt(last, 'counts')],
          fix: `Delete line ${other.line} of ${file}`,
          subject: `${file} ${name}`,
        }
      }
    }
  },
  examples: [
    {
      title: 'an old value above the new one',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:1\n    env_file: api.env\n',
        'api.env': 'DB_HOST=old\nA=1\nDB_HOST=new\n',
      },
      finds: [{ service: '-', says: 'DB_HOST has 2 values in api.env; line 3 counts' }],
    },
    {
      title: 'said twice, and the same; and a line that is off',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:1\n    env_file: api.env\n',
        'api.env': 'DB_HOST=db\n#DB_HOST=old\nDB_HOST=db\n',
      },
      finds: [],
    },
    {
      title: 'an example that offers another value in a comment',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:1\n',
        '.env.example': 'CERT=./a.pem\n#CERT=./b.pem\n# KEY=\nKEY=./a.key\n',
      },
      finds: [],
    },
  ],
}
