#!/usr/bin/env bash
# Benchmarks: ratios within one run, printed as one table. Exit code 1 when a goal is missed.
# Usage: scripts/bench.sh [forward|overhead|splice|look-up|plan|plugins|trace|streams|restart|conversations|routing|dashboard|cluster|scale …]
#        (all of them without a name)
#        BENCH_MIX=Growing scripts/bench.sh forward   (one of Shared, Growing, New, Streamed, Templated)
#        BENCH_TRACES=<folder> scripts/bench.sh routing   (the folder of mooncake-conversation.jsonl and mooncake-synthetic.jsonl,
#        which are not in this repository; without it only the router's own time is measured)
# The forward benchmark compares with a bare forwarder, YARP and nginx. An nginx that is not installed is unpacked from
# Debian's package into <repository>/.tools (or $BIOPROXY_TOOLS); where that does not work, this control is left out.
set -euo pipefail
cd "$(dirname "$0")/.."

wants() {
  local name wanted
  [ "${#names[@]}" = 0 ] && return 0
  for name in "${names[@]}"; do for wanted in "$@"; do [ "$name" = "$wanted" ] && return 0; done; done
  return 1
}

# Prints the path of an nginx that runs, or nothing.
find_nginx() {
  local tools="${BIOPROXY_TOOLS:-$PWD/.tools}" program
  for program in "$(command -v nginx || true)" /usr/sbin/nginx "$tools/nginx/usr/sbin/nginx"; do
    if [ -x "$program" ] && "$program" -v >/dev/null 2>&1; then echo "$program"; return; fi
  done
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 0
  echo "Looking for nginx (the first time about 1 MB is fetched) …" >&2
  mkdir -p "$tools/nginx/package"
  if (cd "$tools/nginx/package" && timeout 120 apt-get download nginx >/dev/null 2>&1) && dpkg -x "$tools"/nginx/package/nginx_*.deb "$tools/nginx"; then
    "$program" -v >/dev/null 2>&1 && echo "$program"
  fi
  return 0
}

names=("$@")
echo "Building (Release) …"
dotnet build Bioproxy.sln --configuration Release --nologo --verbosity quiet
if wants restart conversations; then
  echo "Looking for llama-server (downloads about 13 MB the first time) …"
  LLAMA_SERVER="$(./scripts/get-llama-server.sh | tail -n 1)"
  export LLAMA_SERVER
fi
if wants forward; then
  BENCH_NGINX="${BENCH_NGINX:-$(find_nginx)}"
  export BENCH_NGINX
  [ -n "$BENCH_NGINX" ] || echo "There is no nginx, so that control is left out (remedy: install nginx, or set BENCH_NGINX to its path)."
fi
echo "Measuring takes a few minutes; nothing else should run on this machine meanwhile …"
exec dotnet run --project tests/Bioproxy.Benchmarks --configuration Release --no-build -- "$@"
