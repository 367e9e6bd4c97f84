# Holds an instance that writes faster than its output can be taken away, and lets it run in pulses.
#
#   sh pulse.sh freeze <file cgroup.freeze> <mark>
#   sh pulse.sh stop <process group> <mark>
#
# Each line read is the length of one pulse in seconds, each line written says that it is over. This
# is a process of its own so that neither a busy nor a dead Keelson leaves anybody held: a pulse ends
# here, and with the end of the input, which kill -9 of Keelson is, the instance goes on for good.
# `mark` is there while it may be held: should this shell be killed, the next Keelson lets it go.
hold() {
  case $keelson_how in
    freeze) echo 1 >"$keelson_what" ;;
    stop) kill -STOP "-$keelson_what" ;;
  esac
}
release() {
  case $keelson_how in
    freeze) echo 0 >"$keelson_what" ;;
    stop) kill -CONT "-$keelson_what" ;;
  esac
}
keelson_how=$1 keelson_what=$2 keelson_mark=$3
trap : HUP INT TERM QUIT
: >"$keelson_mark"
while IFS= read -r keelson_seconds; do
  release
  sleep "$keelson_seconds"
  hold
  echo held
done
release
rm -f "$keelson_mark"
