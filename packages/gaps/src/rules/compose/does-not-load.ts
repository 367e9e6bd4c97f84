import type { Rule } from '../rule.ts'

/** Compose files that `docker compose` refuses; what the loader says is the evidence. */
export const doesNotLoad: Rule = {
  id: 'compose/does-not-load',
  title: 'Compose files cannot be loaded',
  severity: 'error',
  why: `Nothing of the stack starts, and no other rule can look at it. It is found on the day somebody
needs the file: an overlay for production that was never tried, a merge conflict, a key of a newer
version.`,
  joins: ['compose files', 'the Compose Specification'],
  fix: 'Correct the places; `keelson config` shows the same ones, and the model once it loads.',
  // Refused before there is a system to look at: the audit itself tells (findings/refused.ts).
  find: () => [],
  examples: [
    {
      title: 'a key that Compose does not know',
      files: { 'compose.yaml': 'services:\n  web:\n    imagee: nginx:1.27\n' },
      finds: [{ service: '-', says: 'imagee' }],
    },
    {
      title: 'a port that comes from a required variable that only a shell has',
      files: {
        'compose.yaml':
          'services:\n  web:\n    image: nginx:1.27\n    ports: ["${WEB_PORT:?say it}:80"]\n',
      },
      finds: [],
    },
    {
      title: 'a fragment that is only there to be extended',
      files: {
        'compose.yaml': `services:
  web:
    extends: { file: compose.common.yaml, service: base }
    image: nginx:1.27
`,
        'compose.common.yaml': 'services:\n  base:\n    restart: always\n',
      },
      finds: [],
    },
  ],
}
