#!/usr/bin/env bash
# Prints the folder of the Node clients that the integration tests run, with their packages installed, as the last line of stdout;
# everything else goes to stderr.
#
#   BIOPROXY_TOOLS   folder for tools, default <repository>/.tools
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tools="${BIOPROXY_TOOLS:-$repository/.tools}"

fail() { printf 'get-node-clients: %s\n' "$*" >&2; exit 1; }

command -v node >/dev/null && command -v npm >/dev/null || fail "node and npm are not on the PATH (remedy: install Node.js 20 or newer)."
folder="$tools/node-clients"
mkdir -p "$folder"
if command -v flock >/dev/null; then
  exec 9>"$folder/lock"
  flock 9
fi

source="$repository/tests/NodeClients"
if ! cmp -s "$source/package-lock.json" "$folder/installed.json"; then
  echo "get-node-clients: installing the clients' packages (about 80 MB, once) …" >&2
  cp "$source"/package.json "$source"/package-lock.json "$source"/.npmrc "$folder/"
  (cd "$folder" && timeout 300 npm ci --ignore-scripts >&2) || fail "npm could not install them."
  cp "$folder/package-lock.json" "$folder/installed.json"
fi
cp "$source/clients.mjs" "$folder/"
printf '%s\n' "$folder"
