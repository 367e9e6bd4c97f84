import type { Rule } from '../rule.ts'

/** A suppression that does not say why: it is not carried out. */
export const noReason: Rule = {
  id: 'suppression/no-reason',
  title: 'A suppression without a reason',
  severity: 'warning',
  why: `Nobody can tell later whether it still holds: it stays for ever, or is removed by somebody who
did not know. It is not carried out until it says why.`,
  joins: ['keelson-ignore comments'],
  fix: 'Write `# keelson-ignore family/rule: reason`, or with a day: `… until 2027-01-31: reason`.',
  // Known while comments are read: the audit itself tells (findings/suppressions.ts).
  find: () => [],
  examples: [
    {
      title: 'only the rule is named',
      files: {
        'compose.yaml':
          'services:\n  # keelson-ignore health/no-check\n  db:\n    image: postgres:17\n',
      },
      finds: [{ service: '-', says: 'gives no reason' }],
    },
    {
      title: 'a day that is none',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health/no-check until next summer: we move to RDS
  db:
    image: postgres:17
`,
      },
      finds: [{ service: '-', says: 'cannot be read' }],
    },
    {
      title: 'with its reason',
      files: {
        'compose.yaml': `services:
  # keelson-ignore health/no-check: it is asked by the load balancer
  db:
    image: postgres:17
`,
      },
      finds: [],
    },
  ],
}
