import type { Rule } from '../rule.ts'

/** A suppression that leaves nothing out, or whose day has come. */
export const stale: Rule = {
  id: 'suppression/stale',
  title: 'A suppression that no longer holds',
  severity: 'warning',
  why: `What was left out for a reason stays left out after the reason is gone, and hides the next gap
of the same kind on the same line. A date that has passed means that somebody wanted to look again.`,
  joins: ['keelson-ignore comments', 'findings'],
  fix: 'Remove the comment, or write a new reason with a new date.',
  fixable: 'always',
  // Known only once every rule has spoken: the audit itself tells (findings/suppressions.ts).
  find: () => [],
  examples: [
    {
      title: 'nothing is found on the line',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health/no-check: it is asked by the load balancer
  db:
    image: postgres:17
    healthcheck: { test: [CMD, pg_isready] }
`,
      },
      finds: [{ service: '-', says: 'health/no-check matches nothing' }],
    },
    {
      title: 'the day has passed',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health/no-check until 2020-01-31: we move to RDS in January
  db:
    image: postgres:17
`,
      },
      finds: [{ service: '-', says: 'ended on 2020-01-31' }],
    },
    {
      title: 'it leaves out what is found there',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health/no-check: it is asked by the load balancer
  db:
    image: postgres:17
`,
      },
      finds: [],
    },
    {
      title: 'documentation that shows how to write one',
      files: {
        'README.md': '# How\n\n```yaml\n# keelson-ignore health/no-check: reason\n```\n',
        'compose.yaml': 'services:\n  web:\n    image: registry.example.com/web:1\n',
      },
      finds: [],
    },
  ],
}
