#!/usr/bin/env bash
# All tests: unit and plugin tests, integration tests against a real llama-server, and the dashboard in a real browser. Ends with
# "N passed, N failed".
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

logs="$(mktemp -d)"
trap 'rm -rf "$logs"; end_compiler' EXIT

# One compiler for all projects halves the time of a build, also where the environment asks for none that outlives a command: this one
# has a name of its own, and ends with this script at the latest.
compiler="bioproxy-$$"
build() {
  dotnet build "$1" --configuration Release --nologo --verbosity quiet -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler"
}
end_compiler() {
  { grep -lsz -- "[-]pipename:$compiler" /proc/[0-9]*/cmdline || true; } | cut -d / -f 3 | xargs -r kill 2> /dev/null || true
}

# Tools are fetched beside the build. fetched exports a variable with the path of one, or says what went wrong and unsets it.
declare -A fetching=()
fetch() {
  "./scripts/get-$1.sh" > "$logs/get-$1" 2> "$logs/get-$1.errors" &
  fetching[$1]=$!
}
fetched() {
  unset "$2"
  wait "${fetching[$1]}" || { cat "$logs/get-$1.errors" >&2; return 1; }
  export "$2=$(tail -n 1 "$logs/get-$1")"
}

if [ "$unit" = 0 ]; then
  echo "Looking for a llama-server, Node's clients and a Chromium (the first time about 13 MB are fetched) …"
  for tool in llama-server node-clients chromium; do fetch "$tool"; done
fi
echo "Building (the first time packages are fetched) …"
build Bioproxy.sln
if [ "$unit" = 0 ]; then
  fetched llama-server LLAMA_SERVER
  fetched node-clients BIOPROXY_NODE_CLIENTS || true # without them their tests are skipped
  if fetched chromium BIOPROXY_CHROMIUM; then
    build tests/Bioproxy.DashboardTests # its browser driver is large
  else
    echo "The dashboard is not tested: there is no Chromium."
  fi
fi
end_compiler

# Runs a project's tests, or those that a filter leaves; leaves their output and the exit code in files of the given name.
runs=()
run() {
  local project="$1" name="$2" code=0
  shift 2
  dotnet test "$project" --configuration Release --no-build --nologo --logger "console;verbosity=normal" "$@" > "$logs/$name" 2>&1 \
    || code=$?
  echo "$code" > "$logs/$name.code"
}

# The projects without a llama-server share the machine; the integration tests have it for themselves.
echo "Testing Bioproxy.UnitTests, Bioproxy.PluginTests …"
for name in UnitTests PluginTests; do
  run "tests/Bioproxy.$name" "$name" &
  runs+=("$name")
done
wait
if [ "$unit" = 0 ]; then
  echo "Testing Bioproxy.IntegrationTests …"
  run tests/Bioproxy.IntegrationTests IntegrationTests --filter "FullyQualifiedName!~SoakTests"
  # Two minutes of everything at once, and the pages: both wait most of the time.
  echo "Soaking for two minutes, and testing Bioproxy.DashboardTests …"
  BIOPROXY_SOAK_SECONDS=120 run tests/Bioproxy.IntegrationTests SoakTests --filter "FullyQualifiedName~SoakTests" &
  runs+=(IntegrationTests SoakTests)
  if [ -n "${BIOPROXY_CHROMIUM:-}" ]; then
    run tests/Bioproxy.DashboardTests DashboardTests
    runs+=(DashboardTests)
  fi
  wait
fi

passed=0 failed=0 skipped=0
for name in "${runs[@]}"; do
  log="$logs/$name"
  # Failures with the beginning of their output, and skipped tests with the reason; passed tests are only counted.
  awk '
    /^  (Passed|Failed|Skipped) / || /^(Total tests|Test Run)/ { left = /^  Failed / ? 100 : 0 }
    /^  Skipped |SKIPPED/ || (left > 0 && !/^\[xUnit/) { print; left-- }' "$log"
  count() { awk -v name="$1:" '$1 == name { s += $2 } END { print s + 0 }' "$log"; }
  project_passed=$(count Passed) project_failed=$(count Failed) project_skipped=$(count Skipped)
  # A project that ended with an error but names no failed test, or that ran nothing, has failed all the same.
  if [ "$project_failed" = 0 ] && { [ "$(cat "$log.code")" != 0 ] || [ "$((project_passed + project_skipped))" = 0 ]; }; then
    tail -n 60 "$log"
    project_failed=1
  fi
  passed=$((passed + project_passed)) failed=$((failed + project_failed)) skipped=$((skipped + project_skipped))
done

[ "$skipped" = 0 ] || echo "$skipped skipped (see the reasons above)"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
