#!/bin/sh
# Runs a program and starts it again when it dies: the one thing above the control process.
# Not in Node, because all it does is wait: this takes 2 MB, a Node process 45 MB.
#
# usage: watchdog.sh [--after <pid>] <program> [argument...]
#
# With --after it takes over a program that runs already, because the watchdog before was killed.
# It cannot see that one's exit code: a clean end removes platform.json from this folder.
#
# Ends with the program when that was meant to end (exit 0), cannot run as it is configured
# (exit 78, EX_CONFIG of sysexits.h), or died in the first ten seconds of the first start: then
# somebody is watching. Otherwise it never gives up, because nobody else would start it again: one
# that was ready (its pid is in platform.json) is back at once, one that dies while it starts is
# tried again after 1, 2, 4 and at most 30 seconds.
child=
stopping=
forward() {
  stopping=1
  [ -n "$child" ] && kill -TERM "$child" 2>/dev/null
}
trap forward TERM INT
trap '' HUP

if [ "$1" = --after ]; then
  former=$2
  shift 2
  while kill -0 "$former" 2>/dev/null; do sleep 1; done
  [ -e platform.json ] || exit 0
fi

starts=0
deaths=0
delay=1
while :; do
  started=$(date +%s)
  starts=$((starts + 1))
  "$@" &
  child=$!
  wait "$child"
  code=$?
  # A signal to us ends the wait and not the program: wait for its own end.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  died=$child
  child=
  age=$(($(date +%s) - started))
  if [ "$code" = 0 ] || [ "$code" = 78 ] || [ -n "$stopping" ]; then break; fi
  if [ "$starts" = 1 ] && [ "$age" -lt 10 ] && [ "$code" -lt 128 ]; then break; fi
  if [ "$age" -ge 60 ] || grep -qs "\"pid\":$died," platform.json; then
    deaths=0
    delay=1
  fi
  deaths=$((deaths + 1))
  printf '{"level":50,"time":"%s","target":"watchdog","code":%s,"msg":"the control process died and is started again"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$code"
  # The first death is answered at once.
  if [ "$deaths" -gt 1 ]; then
    sleep "$delay"
    delay=$((delay * 2))
    [ "$delay" -gt 30 ] && delay=30
  fi
done
exit "$code"
