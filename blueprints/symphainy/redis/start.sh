#!/bin/sh
# Starts Redis as a plain process: its password goes in by standard input, so that no command line shows it.
set -eu

mkdir -p -m 700 "$DATA_DIR"
config="bind 127.0.0.1
port $PORT
dir $DATA_DIR
requirepass $REDIS_PASSWORD
appendonly yes
maxmemory 96mb
daemonize no"

exec redis-server - <<END
$config
END
