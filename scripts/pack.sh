#!/usr/bin/env bash
# Packs what plugin authors need into artifacts/packages: the contract, the test harness and the project template.
set -euo pipefail
cd "$(dirname "$0")/.."

for project in Bioproxy.Abstractions Bioproxy.Testing Bioproxy.Templates; do
  dotnet pack "src/$project" --configuration Release --output artifacts/packages --nologo --verbosity quiet
done
ls artifacts/packages/*.nupkg
