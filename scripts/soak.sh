#!/usr/bin/env bash
# Soak test: mixed clients, cancels, restarts of servers, swaps of models, changed configurations, templates and plugins, against the real
# program and real llama-servers with tiny models. Fails when a lease, slot, handle, thread or buffer leaks, or memory grows.
# Usage: scripts/soak.sh [--minutes N]   (60 unless given; from 5 on memory has to be flat, too)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes=60
while [ "$#" -gt 0 ]; do
  case "$1" in
    --minutes) minutes="$2"; shift 2 ;;
    *) echo "scripts/soak.sh: unknown option $1 (there is --minutes)" >&2; exit 2 ;;
  esac
done
LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
export LLAMA_SERVER BIOPROXY_SOAK_SECONDS=$((minutes * 60))
dotnet build tests/Bioproxy.IntegrationTests --configuration Release --nologo --verbosity quiet
exec dotnet test tests/Bioproxy.IntegrationTests --configuration Release --no-build --nologo \
  --filter "FullyQualifiedName~SoakTests" --logger "console;verbosity=detailed"
