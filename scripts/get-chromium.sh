#!/usr/bin/env bash
# Prints the path of a Chromium for the tests of the dashboard, as the last line of stdout; everything else goes to stderr.
#
# In this order: BIOPROXY_CHROMIUM, the usual places, and, only where BIOPROXY_INSTALL_CHROMIUM=1 and for root, Debian's package, which is installed.
set -euo pipefail

fail() { printf 'get-chromium: %s\n' "$*" >&2; exit 1; }

found() {
  local program
  for program in "${BIOPROXY_CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome /usr/bin/google-chrome-stable; do
    if [ -n "$program" ] && [ -x "$program" ]; then
      printf '%s\n' "$program"
      return 0
    fi
  done
  return 1
}

if found; then exit 0; fi
[ "${BIOPROXY_INSTALL_CHROMIUM:-}" = 1 ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null \
  || fail "there is no Chromium (remedy: apt-get install chromium, or set BIOPROXY_CHROMIUM to a browser's path)."
echo "get-chromium: installing Debian's chromium (about 100 MB, once) …" >&2
timeout 60 apt-get update -qq >&2 || true
DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >&2 \
  || fail "Debian's chromium could not be installed."
found || fail "Debian's chromium was installed, and is not where it should be."
