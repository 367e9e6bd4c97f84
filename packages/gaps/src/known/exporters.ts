import { bare, busybox, http, opened, udp, unknown, type Entry } from './entry.ts'

const exporter = (
  names: readonly string[],
  port: number,
  programs: Pick<Entry, 'has' | 'lacks'>,
  [repository, commit, path = 'Dockerfile']: readonly [string, string, string?],
  rest: Partial<Entry> = {},
): Entry => ({
  ...{ names, kind: 'exporter', ports: [http(port, 'metrics')], hasHealthcheck: false },
  ...programs,
  data: [],
  metrics: { port, path: '/metrics' },
  source: opened(repository, commit, path),
  ...rest,
})

/** An exporter of the Prometheus project, which also has tags without BusyBox. */
const ofPrometheus = (name: string, port: number, commit: string, rest?: Partial<Entry>): Entry =>
  exporter(
    [`prom/${name}`, `prometheus/${name}`],
    port,
    busybox,
    [`prometheus/${name.replace('-', '_')}`, commit],
    { variants: [{ tag: /distroless/, ...bare }], ...rest },
  )

export const exporters: readonly Entry[] = [
  ofPrometheus('node-exporter', 9100, 'a7dcc3a'),
  ofPrometheus('blackbox-exporter', 9115, 'e39d7d4'),
  ofPrometheus('mysqld-exporter', 9104, '55c0976'),
  ofPrometheus('memcached-exporter', 9150, '17e002c'),
  ofPrometheus('snmp-exporter', 9116, '1d54f35'),
  ofPrometheus('statsd-exporter', 9102, 'ac592b1', {
    ports: [http(9102, 'metrics'), udp(9125, 'StatsD')],
  }),
  exporter(
    ['prometheuscommunity/postgres-exporter', 'wrouesnel/postgres_exporter'],
    9187,
    unknown,
    ['prometheus-community/postgres_exporter', 'dbb1987'],
  ),
  exporter(['prometheuscommunity/elasticsearch-exporter'], 9114, unknown, [
    'prometheus-community/elasticsearch_exporter',
    '9bc4295',
  ]),
  exporter(['prometheuscommunity/pgbouncer-exporter'], 9127, unknown, [
    'prometheus-community/pgbouncer_exporter',
    '6918f4e',
  ]),
  exporter(['oliver006/redis_exporter'], 9121, bare, ['oliver006/redis_exporter', 'cd5941f'], {
    variants: [{ tag: /alpine/, ...unknown }],
  }),
  exporter(['danielqsj/kafka-exporter'], 9308, unknown, ['danielqsj/kafka_exporter', '953e2f1']),
  exporter(['nginx/nginx-prometheus-exporter'], 9113, bare, [
    'nginx/nginx-prometheus-exporter',
    '9956da7',
    'build/Dockerfile',
  ]),
  exporter(['percona/mongodb_exporter'], 9216, unknown, ['percona/mongodb_exporter', '12667a1']),
  exporter(['bitnami/mongodb-exporter'], 9216, unknown, [
    'bitnami/containers',
    '04296e7',
    'bitnami/mongodb-exporter/0/debian-12/Dockerfile',
  ]),
  exporter(['kbudde/rabbitmq-exporter'], 9419, bare, ['kbudde/rabbitmq_exporter', '4dcae04'], {
    hasHealthcheck: true,
  }),
  exporter(['ncabatoff/process-exporter'], 9256, bare, ['ncabatoff/process-exporter', 'e52ab0a']),
  exporter(['natsio/prometheus-nats-exporter'], 7777, unknown, [
    'nats-io/prometheus-nats-exporter',
    '2fdbfd7',
    'docker/linux/Dockerfile',
  ]),
  exporter(
    ['cadvisor/cadvisor', 'google/cadvisor'],
    8080,
    unknown,
    ['google/cadvisor', '6a0c4f2', 'deploy/Dockerfile'],
    { hasHealthcheck: true },
  ),
]
