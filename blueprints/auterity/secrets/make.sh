#!/bin/sh
# Makes the secrets that lack, and leaves those that are there.
#   sh secrets/make.sh [address that takes Slack messages]
set -eu
cd "$(dirname "$0")"
# Only you look into this folder; the users inside of the containers read the files.
chmod 700 .
umask 022
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
for name in database-password admin-password token-key vault-key webhook-key grafana-password; do
  [ -s "$name" ] || random > "$name"
done
# Without a Slack of your own the local inbox takes the messages.
[ -s slack-url ] || printf '%s' "${1:-http://mailbox:8000/slack}" > slack-url
