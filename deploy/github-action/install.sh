#!/usr/bin/env bash
# Installs the packed command, and nothing else, beside the checkout.
set -euo pipefail

home=$RUNNER_TEMP/keelson
package=$GAPS_PACKAGE
# npm would look for a relative file in the folder that it installs to.
if [[ -f $package ]]; then package=$(realpath -- "$package"); fi

mkdir -p -- "$home"
printf '{"private":true}\n' >"$home/package.json"
# Without the repository's .npmrc, which could name another registry, and without any scripts.
cd -- "$home"
npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error -- "$package"
"$home/node_modules/.bin/keelson" --version
