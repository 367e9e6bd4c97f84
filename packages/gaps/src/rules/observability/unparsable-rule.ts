import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'

/** An expression of a rule file that Prometheus cannot read. */
export const unparsableRule: Rule = {
  id: 'observability/unparsable-rule',
  title: 'Rule that cannot be parsed',
  severity: 'error',
  why: `Prometheus refuses the whole file for one bad expression, and on a reload it keeps the old rules
and says so only in its log. Every alert in the file is off until somebody looks.`,
  joins: ['Prometheus rule files', 'the grammar of PromQL'],
  fix: 'Correct the expression; `promtool check rules` tells more.',
  *find({ alerting, services }) {
    for (const { message, by, file, line, column } of alerting.faults) {
      const reader = by === undefined ? undefined : services.get(by)
      // VictoriaMetrics has a language of its own, Loki too.
      if (reader === undefined || !/prometheus|thanos/i.test(reader.image?.name ?? '')) continue
      yield {
        service: reader.name,
        message,
        evidence: [
          factAt({ file, line, column }, 'expression'),
          factAt(reader.at, `${reader.name} reads it`),
        ],
        fix: 'Correct the expression, and have `promtool check rules` run before it is merged',
      }
    }
  },
  examples: [
    {
      title: 'a bracket is missing',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/app.rules': `groups:
  - name: app
    rules:
      - alert: Errors
        expr: sum(rate(http_errors_total[5m]) > 1
`,
      },
      finds: [{ service: 'prometheus', says: 'Errors cannot be parsed' }],
    },
    {
      title: 'a rule over several lines, with everything PromQL has',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/app.rules': `groups:
  - name: app
    rules:
      - record: job:errors:rate5m
        expr: |
          sum by (job) (rate(http_errors_total{code=~"5.."}[5m] offset 1m))
            / on (job) group_left (team) sum by (job, team) (rate(http_requests_total[5m]))
`,
      },
      finds: [],
    },
    {
      title: 'the same form with LogQL in it',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/logs.yml': `groups:
  - name: logs
    rules:
      - alert: Panics
        expr: sum(rate({job="api"} |= "panic" [5m])) > 0
`,
      },
      finds: [],
    },
  ],
}
