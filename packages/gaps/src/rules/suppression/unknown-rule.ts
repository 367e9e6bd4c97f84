import type { Rule } from '../rule.ts'

/** A suppression of a rule that does not exist. */
export const unknownRule: Rule = {
  id: 'suppression/unknown-rule',
  title: 'A suppression of a rule that there is not',
  severity: 'warning',
  why: `It leaves nothing out: the name is mistyped, or the rule has another name by now. Whoever
wrote it believes that the finding was looked at.`,
  joins: ['keelson-ignore comments', 'the list of rules'],
  fix: 'Name a rule of `keelson gaps rules`.',
  // Known while comments are read: the audit itself tells (findings/suppressions.ts).
  find: () => [],
  examples: [
    {
      title: 'a mistyped name',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health/no-chekc: it is asked by the load balancer
  db:
    image: postgres:17
`,
      },
      finds: [{ service: '-', says: 'health/no-chekc' }],
    },
    {
      title: 'a whole family',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health: it is asked by the load balancer
  db:
    image: postgres:17
`,
      },
      finds: [],
    },
  ],
}
