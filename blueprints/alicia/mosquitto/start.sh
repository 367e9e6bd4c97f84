#!/bin/sh
# Starts Mosquitto with one user, whose password is in $MQTT_PASSWORD_FILE. What it needs besides is
# written beside its data, so that the same script serves a container and a plain process.
set -eu

own="$DATA_DIR/own"
mkdir -p -m 700 "$own" "$DATA_DIR"

# Hashed in place: the password is in no command line, and not in the clear in a file for long.
(umask 077 && printf '%s:%s\n' "$MQTT_USER" "$(cat "$MQTT_PASSWORD_FILE")" >"$own/passwords")
mosquitto_passwd -U "$own/passwords"

cat >"$own/mosquitto.conf" <<END
listener $PORT $HOST
allow_anonymous false
password_file $own/passwords
persistence true
persistence_location $DATA_DIR/
autosave_interval 30
max_packet_size 262144
max_queued_messages 2000
log_dest stdout
log_timestamp_format %Y-%m-%dT%H:%M:%S
# Started by root it would change to a user that may not read this folder.
user $(id -un)
END

exec mosquitto -c "$own/mosquitto.conf"
