#!/usr/bin/env bash
# Benchmarks: ratios within one run, printed as one table. Exit code 1 when a goal is missed.
# Usage: scripts/bench.sh [forward|splice|look-up|streams|restart …]   (all without a name)
set -euo pipefail
cd "$(dirname "$0")/.."

echo "Building (Release) …"
dotnet build Bioproxy.sln --configuration Release --nologo --verbosity quiet
echo "Measuring, a few minutes; nothing else should run on this machine meanwhile …"
exec dotnet run --project tests/Bioproxy.Benchmarks --configuration Release --no-build -- "$@"
