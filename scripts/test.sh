#!/usr/bin/env bash
# All tests: unit tests, and integration tests against a real llama-server. Ends with "N passed, N failed".
# Usage: scripts/test.sh [--unit]   (only the unit tests)
set -euo pipefail
cd "$(dirname "$0")/.."

projects=(tests/Bioproxy.UnitTests tests/Bioproxy.PluginTests tests/Bioproxy.IntegrationTests)
[ "${1:-}" = "--unit" ] && projects=(tests/Bioproxy.UnitTests tests/Bioproxy.PluginTests)

echo "Building (the first time packages are fetched) …"
dotnet build Bioproxy.sln --configuration Release --nologo --verbosity quiet
if [ "${1:-}" != "--unit" ]; then
  echo "Looking for a llama-server (the first time about 13 MB are fetched) …"
  LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
  export LLAMA_SERVER
fi

passed=0 failed=0 skipped=0 broken=0
for project in "${projects[@]}"; do
  echo "Testing ${project##*/} …"
  log="$(mktemp)"
  dotnet test "$project" --configuration Release --no-build --nologo --logger "console;verbosity=normal" > "$log" 2>&1 || broken=1
  # The failures with the beginning of what they wrote, and what was skipped with its reason; the passed ones only count.
  awk '
    /^  (Passed|Failed|Skipped) / || /^(Total tests|Test Run)/ { left = /^  Failed / ? 100 : 0 }
    /^  Skipped |SKIPPED/ || (left > 0 && !/^\[xUnit/) { print; left-- }' "$log"
  count() { awk -v name="$1:" '$1 == name { s += $2 } END { print s + 0 }' "$log"; }
  project_passed=$(count Passed) project_failed=$(count Failed)
  if [ "$broken" = 1 ] && [ "$project_failed" = 0 ]; then tail -n 60 "$log"; project_failed=1; fi
  if [ "$((project_passed + project_failed))" = 0 ]; then tail -n 60 "$log"; project_failed=1; fi
  passed=$((passed + project_passed)) failed=$((failed + project_failed)) skipped=$((skipped + $(count Skipped)))
  rm -f "$log"
done

[ "$skipped" = 0 ] || echo "$skipped skipped (see the reasons above)"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
