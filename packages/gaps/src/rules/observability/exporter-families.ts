/** Metrics that only one kind of exporter makes, and what makes them. */
export type ExporterFamily = {
  name: string
  /** Names of metrics that are the exporter's own, as its documentation lists them. */
  metrics: RegExp
  /** Images and services that make them. */
  makers: RegExp
  /** OpenTelemetry receivers that watch the same. */
  receivers?: RegExp
  add: string
}

export const exporterFamilies: readonly ExporterFamily[] = [
  {
    name: 'the node exporter',
    metrics:
      /^node_(?:cpu|memory|filesystem|load(?:1|5|15)$|network|disk|boot_time|time_seconds|uname|vmstat|netstat|nf_conntrack|filefd|context_switches|intr_total|procs|hwmon|scrape_collector|exporter|systemd|textfile|timex|sockstat|pressure|edac|arp)/,
    makers: /node-?_?exporter|netdata/i,
    receivers: /^host_?metrics/,
    add: 'prom/node-exporter (port 9100)',
  },
  {
    name: 'cAdvisor',
    metrics:
      /^(?:container_(?:cpu|memory|fs|network|last_seen|tasks_state|start_time|spec|processes)|machine_(?:cpu_cores|memory_bytes))/,
    makers: /cadvisor|kubelet|netdata|podman/i,
    receivers: /^docker_?stats|^podman/,
    add: 'gcr.io/cadvisor/cadvisor (port 8080)',
  },
  {
    name: 'the Redis exporter',
    metrics:
      /^redis_(?:up$|memory_|connected_|commands_|keyspace_|db_keys|uptime_in|evicted_|expired_|rejected_|instance_info|net_|blocked_|exporter_|slowlog_|config_maxmemory)/,
    makers: /(?:redis|valkey|dragonfly).?_?exporter|dragonflydb|redis-enterprise/i,
    receivers: /^redis/,
    add: 'oliver006/redis_exporter (port 9121)',
  },
  {
    name: 'the PostgreSQL exporter',
    metrics:
      /^pg_(?:up$|stat_|database_size|settings_|locks_|replication|postmaster|exporter|static|long_running)/,
    makers: /(?:postgres|pg|timescale).*exporter|pgmonitor|cloudnative|supabase/i,
    receivers: /^postgresql/,
    add: 'quay.io/prometheuscommunity/postgres-exporter (port 9187)',
  },
  {
    name: 'the MySQL exporter',
    metrics: /^mysql_(?:up$|global_|info_schema|perf_schema|slave_|exporter|version_info)/,
    makers: /(?:mysql|mariadb).*exporter|mysqld-?exporter|pmm/i,
    receivers: /^mysql/,
    add: 'prom/mysqld-exporter (port 9104)',
  },
  {
    name: 'the MongoDB exporter',
    metrics:
      /^mongodb_(?:up$|ss_|connections|op_counters|mongod_|memory|network_|dbstats|rs_|exporter)/,
    makers: /mongo.*exporter/i,
    receivers: /^mongodb/,
    add: 'percona/mongodb_exporter (port 9216)',
  },
  {
    name: 'the nginx exporter',
    metrics: /^nginx_(?:up$|connections_|http_requests_total|exporter|processed)/,
    makers: /nginx.*exporter|nginx-vts|ingress-nginx/i,
    receivers: /^nginx/,
    add: 'nginx/nginx-prometheus-exporter (port 9113)',
  },
  {
    name: 'RabbitMQ or its exporter',
    metrics:
      /^rabbitmq_(?:queue|queues|connections|channels|consumers|up$|process_|disk_|node_|build_info|identity)/,
    makers: /rabbitmq|cloudamqp/i,
    receivers: /^rabbitmq/,
    add: 'the rabbitmq_prometheus plugin (port 15692)',
  },
  {
    name: 'the Kafka exporter',
    metrics: /^kafka_(?:consumergroup_|topic_partition|brokers$|exporter)/,
    makers: /kafka.*exporter|kminion|burrow|redpanda/i,
    receivers: /^kafka_?metrics/,
    add: 'danielqsj/kafka-exporter (port 9308)',
  },
  {
    name: 'the Elasticsearch exporter',
    metrics:
      /^elasticsearch_(?:cluster_health|indices_|jvm_|node_stats|filesystem_|process_|thread_pool|breakers|exporter)/,
    makers: /(?:elastic|opensearch|es).*exporter/i,
    receivers: /^elasticsearch/,
    add: 'quay.io/prometheuscommunity/elasticsearch-exporter (port 9114)',
  },
  {
    name: 'the blackbox exporter',
    metrics: /^probe_(?:success$|duration_seconds|http_|ssl_|dns_|ip_|icmp_|tls_|failed_due)/,
    makers: /blackbox|gatus|cloudprober/i,
    receivers: /^http_?check/,
    add: 'prom/blackbox-exporter (port 9115)',
  },
]
