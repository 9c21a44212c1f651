#!/usr/bin/env bash
# Shows what Bioproxy is for: the same question cold, and warm after a restart of llama-server; then a conversation that
# survives the swap to another model and back.
# Usage: scripts/demo.sh [--once] [--cluster] [--tokens N] [--port N] [--admin-port N] [--backend-port N]
#   --once       print the table and exit: with 0 if template and conversation were restored from disk, otherwise with 1
#   --cluster    three proxies before one server instead, one of which is killed (needs redis-server)
#   --tokens N   the length of the template (4000 unless given)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output=tests/Bioproxy.Demo/bin/Release/net10.0
stamp="$output/.built"

case "${1:-}" in -h | --help)
  sed -n '2,7s/^# \{0,1\}//p' scripts/demo.sh
  exit 0
  ;;
esac

echo "Waiting for: the build (1 min the first time), llama-server (13 MB, once), two small models (70 MB, generated once), then 2 min of demo."

# Comparing file times is faster than asking the compiler. A deleted file shows in the time of its folder.
changed() {
  [[ -f $stamp ]] || return 0
  [[ -n $(find src plugins tests/Bioproxy.Demo tests/Bioproxy.Doubles ./*.props global.json \
    \( -name bin -o -name obj \) -prune -o -newer "$stamp" -print -quit) ]]
}

if changed; then
  log="$(mktemp)"
  trap 'rm -f "$log"' EXIT
  if ! dotnet build tests/Bioproxy.Demo --configuration Release --nologo --verbosity quiet >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  rm -f "$log"
  touch "$stamp"
fi

LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
export LLAMA_SERVER

# exec: signals reach the program, which cleans up after itself.
exec dotnet "$output/Bioproxy.Demo.dll" "$@"
