import { bare, busybox, http, hub, udp, unknown, type Entry } from './entry.ts'

const exporter = (
  names: readonly string[],
  port: number,
  programs: Pick<Entry, 'has' | 'lacks'>,
  rest: Partial<Entry> = {},
): Entry => ({
  ...{ names, kind: 'exporter', ports: [http(port, 'metrics')], hasHealthcheck: false },
  ...programs,
  data: [],
  metrics: { port, path: '/metrics' },
  source: hub(names[0] ?? ''),
  ...rest,
})

export const exporters: readonly Entry[] = [
  exporter(['prom/node-exporter', 'prometheus/node-exporter'], 9100, busybox),
  exporter(['prom/blackbox-exporter', 'prometheus/blackbox-exporter'], 9115, busybox),
  exporter(['prom/mysqld-exporter', 'prometheus/mysqld-exporter'], 9104, busybox),
  exporter(['prom/memcached-exporter', 'prometheus/memcached-exporter'], 9150, busybox),
  exporter(['prom/snmp-exporter', 'prometheus/snmp-exporter'], 9116, busybox),
  exporter(['prom/statsd-exporter', 'prometheus/statsd-exporter'], 9102, busybox, {
    ports: [http(9102, 'metrics'), udp(9125, 'StatsD')],
  }),
  exporter(['prometheuscommunity/postgres-exporter', 'wrouesnel/postgres_exporter'], 9187, unknown),
  exporter(['prometheuscommunity/elasticsearch-exporter'], 9114, unknown),
  exporter(['prometheuscommunity/pgbouncer-exporter'], 9127, unknown),
  exporter(['oliver006/redis_exporter'], 9121, bare, {
    variants: [{ tag: /alpine/, ...unknown }],
  }),
  exporter(['danielqsj/kafka-exporter'], 9308, unknown),
  exporter(['nginx/nginx-prometheus-exporter'], 9113, unknown),
  exporter(['percona/mongodb_exporter', 'bitnami/mongodb-exporter'], 9216, unknown),
  exporter(['kbudde/rabbitmq-exporter'], 9419, unknown),
  exporter(['ncabatoff/process-exporter'], 9256, unknown),
  exporter(['natsio/prometheus-nats-exporter'], 7777, unknown),
  exporter(['cadvisor/cadvisor', 'google/cadvisor'], 8080, unknown, {
    hasHealthcheck: true,
    source: 'https://github.com/google/cadvisor/blob/master/deploy/Dockerfile',
  }),
]
