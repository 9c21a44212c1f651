#!/usr/bin/env bash
# Prints the path of a runnable promtool, Prometheus' checker of metrics pages, as the last line of stdout; everything else goes to stderr.
#
# In this order: the PATH, <tools>/prometheus (kept from the last run), and at last Debian's package, unpacked into <tools>/prometheus.
# Nothing is installed system-wide, and no daemon is started.
#
#   BIOPROXY_TOOLS   folder of the tools, default <repository>/.tools
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tools="${BIOPROXY_TOOLS:-$repository/.tools}"
kept="$tools/prometheus/usr/bin/promtool"

fail() {
  echo "get-promtool: $1" >&2
  echo "get-promtool: remedy: install Prometheus' promtool (Debian: apt-get install prometheus) and put it on the PATH." >&2
  exit 1
}

runs() { "$1" --version > /dev/null 2>&1; }

if command -v promtool > /dev/null && runs promtool; then
  command -v promtool
  exit 0
fi
if runs "$kept"; then
  echo "$kept"
  exit 0
fi

command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || fail "promtool is missing, and this is not a Debian system."
temporary="$(mktemp -d)"
trap 'rm -rf "$temporary"' EXIT
chmod 755 "$temporary" # apt's own user writes here
if ! apt-cache show prometheus > /dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || fail "promtool is missing, the package lists are empty, and only root can fetch them (apt-get update)."
  apt-get update -qq >&2 || fail "promtool is missing, and apt-get update failed."
fi
(cd "$temporary" && apt-get download -qq prometheus >&2) || fail "promtool is missing, and its package could not be downloaded."
mkdir -p "$tools/prometheus"
dpkg-deb --fsys-tarfile "$temporary"/prometheus_*.deb | tar -x -C "$tools/prometheus" ./usr/bin/promtool
runs "$kept" || fail "the promtool of Debian's package does not run here."
echo "$kept"
