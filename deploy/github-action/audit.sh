#!/usr/bin/env bash
# Audits the checkout: annotations on standard output, a report in the job's summary, SARIF on request.
set -euo pipefail

keelson=$RUNNER_TEMP/keelson/node_modules/.bin/keelson
work=$(mktemp -d "$RUNNER_TEMP/keelson-gaps.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

# What a file of the repository could have a say in is no workflow command.
complain() {
  local text=$1
  text=${text//'%'/'%25'}
  text=${text//$'\r'/'%0D'}
  text=${text//$'\n'/'%0A'}
  printf '::error title=keelson gaps::%s\n' "$text"
}

options=()
while IFS= read -r rule; do
  rule=${rule//[[:space:]]/}
  if [[ -n $rule ]]; then options+=("--rule=$rule"); fi
done <<<"${GAPS_RULES//,/$'\n'}"
if [[ -n $GAPS_FAIL_ON ]]; then options+=("--fail-on=$GAPS_FAIL_ON"); fi

# report <format> <file>: the findings in this format; the exit code is that of the audit.
report() {
  local words=(gaps)
  if [[ -n $GAPS_BASE ]]; then words+=(diff); fi
  words+=(--no-color "--format=$1" "--output=$2" "${options[@]}" --)
  if [[ -n $GAPS_BASE ]]; then words+=("$GAPS_BASE"); fi
  "$keelson" "${words[@]}" "$GAPS_PATH" >"$work/log" 2>&1
}

status=0
report github "$work/annotations" || status=$?
if ((status != 0 && status != 7)); then
  complain "$(head -c 4000 "$work/log")"
  exit "$status"
fi
cat -- "$work/annotations"

for level in error warning notice; do
  printf '%ss=%s\n' "$level" "$(grep -c "^::$level " "$work/annotations" || true)"
done >>"$GITHUB_OUTPUT"

# The runner refuses a summary of more than 1 MiB.
report markdown "$work/summary.md" || true
head -c 1000000 "$work/summary.md" >>"$GITHUB_STEP_SUMMARY"
if (($(wc -c <"$work/summary.md") > 1000000)); then
  printf '\n\nThe report is longer than a summary may be; the rest was left out.\n' >>"$GITHUB_STEP_SUMMARY"
fi

if [[ -n $GAPS_SARIF ]]; then
  code=0
  report sarif "$GAPS_SARIF" || code=$?
  if ((code != 0 && code != 7)); then
    complain "$(head -c 4000 "$work/log")"
    exit "$code"
  fi
fi
exit "$status"
