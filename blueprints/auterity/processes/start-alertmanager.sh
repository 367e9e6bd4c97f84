#!/bin/sh
# Alertmanager as a process: the same routes and receivers, the inbox at its port of this machine.
set -eu
mkdir -p data/alertmanager
sed -e 's#/run/secrets/#secrets/#' -e 's#mailbox:1025#127.0.0.1:11025#' \
  monitoring/alertmanager.yml > data/alertmanager.yml
exec prometheus-alertmanager --config.file=data/alertmanager.yml --storage.path=data/alertmanager \
  --cluster.listen-address= --web.listen-address="127.0.0.1:$PORT"
