import type { Category, ServiceSpec } from '@keelson/contract'

/**
 * The category of a service: `x-keelson.category` when the file says so; else the first line with
 * a whole word of the image's name, then of the program it runs, then of the service's own name;
 * else `core`. Order matters: postgres-exporter is monitoring before it is a database.
 */
const inferred: readonly (readonly [Category, RegExp])[] = [
  [
    'monitoring',
    word(
      'prometheus|grafana|loki|tempo|jaeger|zipkin|alertmanager|exporter|otelcol|opentelemetry|promtail|cadvisor|kibana|sentry|uptime',
    ),
  ],
  [
    'communication',
    word(
      'mosquitto|emqx|nats|rabbitmq|kafka|redpanda|zookeeper|postfix|mailpit|mailhog|smtp|mqtt|notification|notifications|mailer',
    ),
  ],
  [
    'ai_ml',
    word(
      'ollama|vllm|torchserve|triton|mlflow|qdrant|weaviate|milvus|chroma|langfuse|litellm|whisper|llm|embedding|embeddings',
    ),
  ],
  [
    'automation',
    word(
      'worker|workers|celery|beat|scheduler|airflow|temporal|n8n|cron|sidekiq|flower|job|jobs|loadgenerator|load',
    ),
  ],
  [
    'infrastructure',
    word(
      'postgres|postgresql|mysql|mysqld|mariadb|mariadbd|mongo|mongod|mongodb|redis|valkey|memcached|elasticsearch|opensearch|clickhouse|minio|nginx|haproxy|traefik|caddy|kong|envoy|consul|vault|etcd|gateway|proxy',
    ),
  ],
]

function word(alternatives: string): RegExp {
  return new RegExp(`(^|[^a-z0-9])(${alternatives})([^a-z0-9]|$)`)
}

export const categoryOf = (spec: ServiceSpec): Category => {
  if (spec.category !== undefined) return spec.category
  const program = (spec.entrypoint ?? spec.command)?.[0] ?? ''
  const names = [spec.container?.image?.split('@')[0] ?? '', program, spec.name]
  for (const name of names) {
    const known = inferred.find(([, pattern]) => pattern.test(name.toLowerCase()))
    if (known !== undefined) return known[0]
  }
  return 'core'
}
