#!/usr/bin/env bash
# Benchmarks: ratios within one run, printed as one table. Exit code 1 when a goal is missed.
# Usage: scripts/bench.sh [forward|splice|look-up|plan|plugins|streams|restart|conversations …]   (all of them without a name)
#        BENCH_MIX=Growing scripts/bench.sh forward   (one of Shared, Growing, New, Streamed, Templated)
set -euo pipefail
cd "$(dirname "$0")/.."

echo "Building (Release) …"
dotnet build Bioproxy.sln --configuration Release --nologo --verbosity quiet
if [ $# = 0 ] || [[ " $* " == *" restart "* || " $* " == *" conversations "* ]]; then
  echo "Looking for llama-server (downloads about 13 MB the first time) …"
  LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
  export LLAMA_SERVER
fi
echo "Measuring; this takes a few minutes. Nothing else should run on this machine in the meantime …"
exec dotnet run --project tests/Bioproxy.Benchmarks --configuration Release --no-build -- "$@"
