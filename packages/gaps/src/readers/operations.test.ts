import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { operationsReaders } from './operations.ts'
import type { FileFacts } from './reader.ts'

const read = async (
  file: string,
  text: string,
  environment?: Readonly<Record<string, string>>,
): Promise<FileFacts> => {
  let facts: FileFacts = {}
  for (const { wants, read: readOne } of operationsReaders) {
    if (!wants(file)) continue
    const found = await readOne(file, text)
    if (found === undefined) continue
    const filled = environment && found.withEnvironment?.((name) => environment[name])
    facts = { ...facts, ...found, ...filled }
  }
  return facts
}

const addresses = (list: readonly { host: string | undefined; port: number | undefined }[] = []) =>
  list.map(({ host, port }) => `${host}:${port}`)

describe('Prometheus', () => {
  test('jobs, rule files and Alertmanagers with their places', async () => {
    const { scrapes, ruleFiles, alerting } = await read(
      'prometheus.yml',
      `rule_files:
  - rules/*.yml
scrape_configs:
  - job_name: api
    metrics_path: /actuator/prometheus
    scheme: https
    static_configs:
      - targets: ['api:8443', api, '\${HOST}:9']
  - job_name: found
    dns_sd_configs: [{ names: [tasks.api] }]
  - job_name: probe
    static_configs: [{ targets: ["https://example.com"] }]
    relabel_configs: [{ target_label: __address__, replacement: "blackbox:9115" }]
alerting:
  alertmanagers:
    - static_configs:
        - targets: [alertmanager:9093]
`,
    )
    assert.deepEqual(
      scrapes?.map(({ job, path, isDiscovered, targets }) => [
        job,
        path,
        isDiscovered,
        addresses(targets),
      ]),
      [
        ['api', '/actuator/prometheus', false, ['api:8443', 'api:443', 'undefined:9']],
        ['found', '/metrics', true, []],
        ['probe', '/metrics', true, ['example.com:443']],
      ],
    )
    assert.deepEqual(
      ruleFiles?.map(({ pattern, line }) => [pattern, line]),
      [['rules/*.yml', 2]],
    )
    assert.deepEqual(addresses(alerting?.managers), ['alertmanager:9093'])
    assert.equal(scrapes?.[0]?.targets[0]?.line, 8)
  })

  test('metrics of rules, and the place of what cannot be parsed', async () => {
    const { alerting } = await read(
      'app.rules',
      `groups:
  - name: app
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(http_errors_total{code=~"5.."}[5m])) / on (job) {__name__="http_total"}
      - alert: Broken
        expr: |
          sum(rate(x[5m])
      - alert: Templated
        expr: '{{ metric }} > 1'
      - alert: Logs
        expr: 'sum(rate({app="a"} |= "b" [1m])) > 1'
`,
    )
    assert.deepEqual(
      alerting?.rules?.map(({ name, kind, metrics }) => [name, kind, metrics]),
      [
        ['job:errors:rate5m', 'record', ['http_errors_total', 'http_total']],
        ['Broken', 'alert', ['x']],
        ['Templated', 'alert', []],
        ['Logs', 'alert', []],
      ],
    )
    assert.deepEqual(alerting?.faults, [
      {
        file: 'app.rules',
        line: 7,
        column: 15,
        message: 'Broken cannot be parsed: it ends too early',
      },
    ])
  })

  test('a list of rules of Kubernetes is another thing', async () => {
    assert.equal(
      (await read('rules.yml', 'apiVersion: v1\ngroups: [{ rules: [] }]\n')).alerting,
      undefined,
    )
  })
})

test('Alertmanager: who is told, by what, and who is asked for', async () => {
  const { alerting } = await read(
    'alertmanager.yml',
    `global: { slack_api_url: "https://hooks.slack.com/services/T/B/x" }
route:
  receiver: mail
  routes:
    - receiver: slack
      routes: [{ receiver: none }]
receivers:
  - name: mail
    email_configs: [{ to: ops@acme.io }]
  - name: slack
    slack_configs: [{ channel: "#ops" }]
  - name: hook
    webhook_configs: [{ url: "" }, { url_file: /run/hook }]
`,
  )
  assert.deepEqual(
    alerting?.receivers?.map(({ name, isUsed, integrations }) => [
      ...[name, isUsed, integrations.map(({ kind, url }) => [kind, url])],
    ]),
    [
      ['mail', true, [['email', 'ops@acme.io']]],
      ['slack', true, [['slack', 'https://hooks.slack.com/services/T/B/x']]],
      [
        'hook',
        false,
        [
          ['webhook', ''],
          ['webhook', undefined],
        ],
      ],
    ],
  )
  assert.deepEqual(
    alerting?.routed?.map(({ receiver }) => receiver),
    ['mail', 'slack', 'none'],
  )
})

test('a collector: ports, exporters, jobs, with the environment of its owner', async () => {
  const text = `receivers:
  otlp:
    protocols: { grpc: {}, http: { endpoint: "0.0.0.0:\${env:HTTP_PORT}" } }
  redis: { endpoint: "cache:6379" }
  prometheus/ad:
    config:
      scrape_configs:
        - job_name: ad
          static_configs: [{ targets: ["ad:\${env:AD_PORT}"] }]
exporters:
  otlp/jaeger: { endpoint: "\${env:JAEGER}:4317" }
  prometheus: { endpoint: "0.0.0.0:8889" }
  debug: {}
extensions: { health_check: {}, pprof: {} }
service:
  extensions: [health_check]
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp/jaeger] }
`
  const known = await read('otel.yml', text, {
    HTTP_PORT: '14318',
    AD_PORT: '9465',
    JAEGER: 'jaeger',
  })
  const [collector] = known.collectors ?? []
  assert.deepEqual(
    collector?.receives.map(({ name, port }) => [name, port]),
    [
      ...[
        ['otlp', 4317],
        ['otlp', 14_318],
        ['redis', undefined],
        ['prometheus/ad', undefined],
      ],
      ...[
        ['health_check', 13_133],
        ['prometheus', 8889],
        ['telemetry', 8888],
      ],
    ],
  )
  assert.deepEqual(
    collector?.exports.map(({ name, host, port, isUsed }) => [name, host, port, isUsed]),
    [
      ['otlp/jaeger', 'jaeger', 4317, true],
      ['prometheus', undefined, undefined, false],
      ['debug', undefined, undefined, false],
    ],
  )
  assert.deepEqual(addresses(known.scrapes?.[0]?.targets), ['ad:9465'])
  const unknown = await read('otel.yml', text)
  assert.deepEqual(addresses(unknown.scrapes?.[0]?.targets), ['ad:undefined'])
})

test('log shippers: where the logs go', async () => {
  const promtail = await read(
    'promtail.yml',
    'server: { http_listen_port: 9080 }\nclients: [{ url: "http://loki:3100/loki/api/v1/push" }]\nscrape_configs: []\n',
  )
  assert.deepEqual(addresses(promtail.collectors?.[0]?.exports), ['loki:3100'])
  const fluentd = await read(
    'fluent.conf',
    '<source>\n  @type forward\n  port 24224\n</source>\n<match **>\n  @type elasticsearch\n  host search\n  port 9200\n</match>\n',
  )
  assert.deepEqual(addresses(fluentd.collectors?.[0]?.exports), ['search:9200'])
  assert.deepEqual(
    fluentd.collectors?.[0]?.receives.map(({ port }) => port),
    [24_224],
  )
  const fluentBit = await read(
    'fluent-bit.conf',
    '[OUTPUT]\n    Name  loki\n    Host  loki\n    Port  3100\n',
  )
  assert.deepEqual(addresses(fluentBit.collectors?.[0]?.exports), ['loki:3100'])
  const alloy = await read(
    'config.alloy',
    `prometheus.scrape "api" {
  targets = [{ "__address__" = "api:8000" }]
  forward_to = []
}
prometheus.scrape "found" {
  targets = discovery.docker.all.targets
}
loki.write "out" {
  endpoint {
    url = "http://loki:3100/loki/api/v1/push"
  }
}
`,
  )
  assert.deepEqual(addresses(alloy.collectors?.[0]?.exports), ['loki:3100'])
  assert.deepEqual(
    alloy.scrapes?.map(({ job, isDiscovered, targets }) => [job, isDiscovered, addresses(targets)]),
    [
      ['api', false, ['api:8000']],
      ['found', true, []],
    ],
  )
})

test('Kong: routes of services, loose routes, upstreams with targets', async () => {
  const { routes } = await read(
    'kong.yml',
    `_format_version: "3.0"
services:
  - name: orders
    host: orders-upstream
    routes:
      - { name: orders, paths: [/orders], methods: [GET], hosts: [shop.example.com] }
  - { name: users, url: "http://users:3000/api" }
  - { name: plain, host: plain, protocol: https }
routes:
  - { name: users, paths: ["~/users/\\\\d+"], service: { name: users }, headers: { x: ["1"] } }
  - { name: plain, paths: [/plain], service: plain }
upstreams:
  - name: orders-upstream
    targets: [{ target: "orders-1:8000" }, { target: "orders-2" }]
`,
  )
  assert.deepEqual(
    routes?.map(({ name, paths, isPlain, upstreams }) => [
      name,
      paths[0],
      isPlain,
      addresses(upstreams),
    ]),
    [
      ['orders', '/orders', true, ['orders-1:8000', 'orders-2:8000']],
      ['users', '~/users/\\d+', false, ['users:3000']],
      ['plain', '/plain', true, ['plain:443']],
    ],
  )
})

test('a Caddyfile: sites, matchers, several upstreams', async () => {
  const { routes, listens } = await read(
    'Caddyfile',
    `{
  email ops@acme.io
}
shop.example.com, http://intern.example.com:8080 {
  handle_path /api/* {
    reverse_proxy {$API_HOST:api}:8000 api-2:8000
  }
  reverse_proxy /ws ws:9000 # comment
  reverse_proxy @static files
  reverse_proxy :3000
}
`,
  )
  assert.deepEqual(
    routes?.map(({ paths, isPlain, upstreams }) => [paths[0], isPlain, addresses(upstreams)]),
    [
      ['/api/*', true, ['api:8000', 'api-2:8000']],
      ['/ws', true, ['ws:9000']],
      ['@static', false, ['files:80']],
      ['*', true, ['localhost:3000']],
    ],
  )
  assert.deepEqual(
    listens?.map(({ port }) => port),
    [443, 80, 8080],
  )
})

describe('Grafana', () => {
  test('the metrics of a dashboard, with its variables taken out', async () => {
    const { dashboards } = await read(
      'grafana/dashboards/app.json',
      JSON.stringify(
        {
          title: 'App',
          panels: [
            {
              datasource: { type: 'prometheus', uid: 'x' },
              targets: [{ expr: 'rate(a_total{job="$job"}[$__rate_interval])' }],
            },
            {
              datasource: { type: 'loki' },
              targets: [{ expr: 'sum(rate({app="x"}[5m]))' }, { expr: 'not_a_metric' }],
            },
            {
              datasource: '${DS_PROMETHEUS}',
              targets: [{ expr: 'topk($n, ${metric}_total) + [[prefix]]_x + b offset $shift' }],
            },
            { targets: [{ expr: 'max_over_time(c[$__range:$step]) by' }, { expr: 'd\n  > "é"' }] },
          ],
        },
        null,
        1,
      ),
    )
    assert.deepEqual(
      dashboards?.[0]?.metrics.map(({ name }) => name),
      ['a_total', 'b', 'd'],
    )
    assert.equal(dashboards?.[0]?.title, 'App')
    assert.ok((dashboards?.[0]?.metrics[0]?.line ?? 0) > 5)
  })

  test('data sources that the server asks itself', async () => {
    const { contacts } = await read(
      'datasources.yml',
      `datasources:
  - { name: Prometheus, type: prometheus, url: "http://prometheus:9090" }
  - { name: Browser, type: prometheus, access: direct, url: "http://localhost:9090" }
`,
    )
    assert.deepEqual(
      contacts?.map(({ what, host, port }) => [what, host, port]),
      [['data source Prometheus', 'prometheus', 9090]],
    )
  })

  test('other JSON, and JSON that is none', async () => {
    assert.deepEqual(await read('grafana/x.json', '{"panels": 3}'), {})
    assert.deepEqual(await read('grafana/x.json', '{"panels": ['), {})
    assert.deepEqual(await read('grafana/x.json', `{"panels": ${'['.repeat(100_000)}`), {})
  })
})

test('files made to be slow are read in one pass', async () => {
  const started = performance.now()
  const long = 400_000
  await read('a.conf', '\n'.repeat(long))
  await read('a.conf', ' '.repeat(long))
  await read('a.conf', `server {\n${'a '.repeat(long / 2)}`)
  await read('Caddyfile', `a {\n${'reverse_proxy {$'.repeat(long / 16)}`)
  await read('grafana/a.json', `{"panels":[${'{"expr":"'.repeat(long / 9)}`)
  await read('a.rules', `groups: [{ rules: [{ alert: a, expr: "${'('.repeat(long / 2)}" }] }]`)
  await read('a.rules', `groups: [{ rules: [{ alert: a, expr: "${'sum('.repeat(4000)}" }] }]`)
  // A few million characters; a reading of quadratic cost would take hours.
  assert.ok(performance.now() - started < 60_000)
})
