#!/usr/bin/env bash
# All tests: unit and plugin tests, and integration tests against a real llama-server. Ends with "N passed, N failed".
# Usage: scripts/test.sh [--unit] [--long]
#   --unit   only what needs no llama-server
#   --long   further seeds and combinations of the stress, schedule and restart tests (half an hour more)
set -euo pipefail
cd "$(dirname "$0")/.."

unit=0
for option in "$@"; do
  case "$option" in
    --unit) unit=1 ;;
    --long) export BIOPROXY_TEST_LONG=1 ;;
    *) echo "scripts/test.sh: unknown option $option (there are --unit and --long)"; exit 2 ;;
  esac
done
projects=(tests/Bioproxy.UnitTests tests/Bioproxy.PluginTests)

echo "Building (the first time packages are fetched) …"
dotnet build Bioproxy.sln --configuration Release --nologo --verbosity quiet
if [ "$unit" = 0 ]; then
  echo "Looking for a llama-server (the first time about 13 MB are fetched) …"
  LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
  export LLAMA_SERVER
  if BIOPROXY_NODE_CLIENTS="$(./scripts/get-node-clients.sh | tail -n 1)"; then
    export BIOPROXY_NODE_CLIENTS
  else
    unset BIOPROXY_NODE_CLIENTS # these tests are skipped
  fi
fi

logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT

# Runs a project's tests; leaves their output and the exit code in files.
run() {
  local name="${1##*/}" code=0
  dotnet test "$1" --configuration Release --no-build --nologo --logger "console;verbosity=normal" > "$logs/$name" 2>&1 || code=$?
  echo "$code" > "$logs/$name.code"
}

# The projects without a llama-server share the machine; the integration tests have it for themselves.
echo "Testing ${projects[*]##*/} …"
for project in "${projects[@]}"; do run "$project" & done
wait
if [ "$unit" = 0 ]; then
  echo "Testing Bioproxy.IntegrationTests …"
  run tests/Bioproxy.IntegrationTests
  projects+=(tests/Bioproxy.IntegrationTests)
fi

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
  log="$logs/${project##*/}"
  # Failures with the beginning of their output, and skipped tests with the reason; passed tests are only counted.
  awk '
    /^  (Passed|Failed|Skipped) / || /^(Total tests|Test Run)/ { left = /^  Failed / ? 100 : 0 }
    /^  Skipped |SKIPPED/ || (left > 0 && !/^\[xUnit/) { print; left-- }' "$log"
  count() { awk -v name="$1:" '$1 == name { s += $2 } END { print s + 0 }' "$log"; }
  project_passed=$(count Passed) project_failed=$(count Failed)
  # A project that ended with an error but names no failed test, or that ran nothing, has failed all the same.
  if [ "$project_failed" = 0 ] && { [ "$(cat "$log.code")" != 0 ] || [ "$project_passed" = 0 ]; }; then
    tail -n 60 "$log"
    project_failed=1
  fi
  passed=$((passed + project_passed)) failed=$((failed + project_failed)) skipped=$((skipped + $(count Skipped)))
done

[ "$skipped" = 0 ] || echo "$skipped skipped (see the reasons above)"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
