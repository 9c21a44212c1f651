#!/usr/bin/env bash
# Tests what scripts/release.sh made: sums, the program in one file, the tool, and the Debian package, which is installed, used as its own
# user, and removed again (by root on a Debian system only). Ends with "N passed, N failed, N skipped".
# Usage: scripts/test-packages.sh [FOLDER]   (artifacts/release unless given; what is missing there is made)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder="${1:-artifacts/release}"
[ -f "$folder/SHA256SUMS" ] || ./scripts/release.sh --out "$folder"
folder="$(cd "$folder" && pwd)"
(cd "$folder" && sha256sum --check --quiet SHA256SUMS)
LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
export LLAMA_SERVER BIOPROXY_RELEASE="$folder"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
code=0
dotnet test tests/Bioproxy.IntegrationTests --configuration Release --nologo --filter "FullyQualifiedName~Packages.PackageTests" \
  --logger "console;verbosity=normal" > "$log" 2>&1 || code=$?
count() { awk -v name="$1:" '$1 == name { s += $2 } END { print s + 0 }' "$log"; }
if [ "$code" != 0 ] || [ "$(count Passed)" = 0 ]; then cat "$log"; fi
grep -A 1 'SKIP\|Skipped ' "$log" || true
echo "$(count Passed) passed, $(count Failed) failed, $(count Skipped) skipped"
exit "$code"
