#!/usr/bin/env bash
# Takes the pictures of the documentation anew: those that the tests of the dashboard leave behind.
set -euo pipefail
cd "$(dirname "$0")/.."

LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
BIOPROXY_CHROMIUM="$(./scripts/get-chromium.sh | tail -n 1)"
BIOPROXY_PICTURES="$(mktemp -d)"
export LLAMA_SERVER BIOPROXY_CHROMIUM BIOPROXY_PICTURES
trap 'rm -rf "$BIOPROXY_PICTURES"' EXIT
dotnet test tests/Bioproxy.DashboardTests --configuration Release
mkdir -p docs/images
for name in live requests savings; do cp "$BIOPROXY_PICTURES/$name.png" docs/images/; done
