#!/bin/sh
# Dumps the database once a day and keeps the newest seven. `pg_restore -d auterity <file>` brings one back.
set -eu
trap 'exit 0' TERM INT
PGPASSWORD=$(cat /run/secrets/database-password)
export PGPASSWORD
while :; do
  file=/backups/$(date +%Y-%m-%d-%H%M).dump
  # Whole or not at all: a half dump has another name.
  if pg_dump --format=custom --file="$file.half" && mv "$file.half" "$file"; then
    echo "dumped $file"
    ls -1 /backups/*.dump | sort -r | tail -n +8 | xargs -r rm --
    wait=86400
  else
    wait=600
  fi
  # In the background: a shell that waits for a program does not hear its own signals.
  sleep "$wait" &
  wait "$!"
done
