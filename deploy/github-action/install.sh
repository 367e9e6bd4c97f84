#!/usr/bin/env bash
# Installs the packed command, and nothing else, beside the checkout.
set -euo pipefail

home=$RUNNER_TEMP/keelson
package=$GAPS_PACKAGE

# Quoted, so that no part of the input is a line, and with that a workflow command, of its own.
refuse() {
  printf 'The package %q is not installed: %s\n' "${package:0:200}" "$1" >&2
  exit 2
}

# A pull request can put any file, also one named like a package, into the checkout. A file is taken
# from outside of it only, and by its absolute path; all else has to be a name in a registry.
if [[ $package == /* ]]; then
  if [[ -L $package || ! -f $package ]]; then refuse 'it is not a regular file, or a link to one'; fi
  package=$(realpath -- "$package")
  for checkout in "$PWD" "${GITHUB_WORKSPACE:-$PWD}"; do
    if [[ $package == "$(realpath -- "$checkout")"/* ]]; then
      refuse 'it lies in the checkout, where a pull request could put another; copy it to $RUNNER_TEMP from what you trust'
    fi
  done
else
  name='(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*(@[A-Za-z0-9^~][A-Za-z0-9.+_-]*)?'
  if [[ ! $package =~ ^$name$ || $package =~ \.(tgz|tar|tar\.gz)$ ]]; then
    refuse 'name a package of a registry (keelson@1.2.3), or the absolute path of a file outside of the checkout'
  fi
fi

# An empty folder: no file of the repository, also not its .npmrc, has a say in what npm installs.
rm -rf -- "$home"
mkdir -- "$home"
printf '{"private":true}\n' >"$home/package.json"
cd -- "$home"
npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error -- "$package"
"$home/node_modules/.bin/keelson" --version
