#!/bin/sh
# Prometheus as a process: the same rules, and every service that Keelson names here as a target.
set -eu
mkdir -p data/prometheus
{
  sed -e '/^scrape_configs:/,$d' -e 's#alertmanager:9093#127.0.0.1:11093#' \
    -e 's#interval: 15s#interval: 5s#' -e 's#rules.yml#../monitoring/rules.yml#' monitoring/prometheus.yml
  echo 'scrape_configs:'
  echo '  - job_name: services'
  echo '    static_configs:'
  # AUTH_URL=http://127.0.0.1:21034 becomes a target with the label service="auth".
  env | sed -n 's#^\([A-Z_]*\)_URL=http://\(127[0-9.:]*\)/*$#\1 \2#p' | sort | while read -r name address; do
    service=$(printf '%s' "$name" | tr 'A-Z_' 'a-z-')
    [ "$service" = keelson-gateway ] ||
      printf '      - { targets: ["%s"], labels: { service: "%s", instance: "%s" } }\n' "$address" "$service" "$service"
  done
} > data/prometheus.yml
exec prometheus --config.file=data/prometheus.yml --storage.tsdb.path=data/prometheus \
  --storage.tsdb.retention.size=500MB --web.listen-address="127.0.0.1:$PORT"
