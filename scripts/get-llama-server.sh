#!/usr/bin/env bash
# Prints the path of a runnable llama-server as the last line of stdout; everything else goes to stderr.
#
# In this order: $LLAMA_SERVER, the PATH, <tools>/llama (kept from an earlier run), and finally Debian's own packages,
# downloaded from the mirror that this machine uses already and unpacked into <tools>/llama. Nothing is installed.
#
#   LLAMA_SERVER     path of a llama-server to use instead
#   BIOPROXY_TOOLS   folder for tools, default <repository>/.tools
#   LLAMA_SUITE      Debian suite that holds llama.cpp, default forky
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tools="${BIOPROXY_TOOLS:-$repository/.tools}"
suite="${LLAMA_SUITE:-forky}"
packages=(libc6 libgcc-s1 libstdc++6 libgomp1 libggml0 libssl3t64 libzstd1 zlib1g libllama0 llama.cpp-tools)

say() { printf 'get-llama-server: %s\n' "$*" >&2; }

fail() {
  say "$1"
  say "remedy: install llama.cpp and put llama-server on the PATH, or set LLAMA_SERVER to its path."
  exit 1
}

runs() { "$1" --version >/dev/null 2>&1; }

# One line for each deb source of this machine that is not a security or updates archive: URI, keyring (or -).
debian_sources() {
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -r $file ]] || continue
    awk -v RS='' -F'\n' '
      {
        types = uris = suites = key = ""; enabled = "yes"
        for (i = 1; i <= NF; i++) {
          line = $i
          if (line ~ /^[ \t]*#/ || line !~ /^[A-Za-z-]+:/) continue
          name = tolower(substr(line, 1, index(line, ":") - 1))
          value = substr(line, index(line, ":") + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
          if (name == "types") types = value
          else if (name == "uris") uris = value
          else if (name == "suites") suites = value
          else if (name == "signed-by") key = value
          else if (name == "enabled") enabled = tolower(value)
        }
        if (enabled == "no" || (" " types " ") !~ / deb / || suites ~ /security/ || suites !~ /[a-z]/) next
        count = split(uris, each, /[ \t]+/)
        for (i = 1; i <= count; i++) print each[i], (key ~ /^\// ? key : "-")
      }' "$file"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -r $file ]] || continue
    awk '
      $1 == "deb" {
        key = "-"; i = 2
        if ($2 ~ /^\[/) {
          for (; i <= NF; i++) {
            option = $i; gsub(/[][]/, "", option)
            if (option ~ /^signed-by=\//) key = substr(option, 11)
            if ($i ~ /\]$/) break
          }
          i++
        }
        if ($(i + 1) !~ /security|updates/) print $i, key
      }' "$file"
  done
}

# apt with its own root: sources, lists, cache and (empty) status all below $1; the rest is apt-get's arguments.
private_apt() {
  local root="$1"
  shift
  apt-get -q \
    -o "Dir::Etc::sourcelist=$root/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o "Dir::State=$root/state" -o "Dir::State::status=$root/state/status" -o "Dir::Cache=$root/cache" \
    -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success::=true -o Acquire::Languages=none \
    -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@" >&2
}

# $1 new apt root, $2 URI, $3 keyring or -, $4 suite, the rest packages: downloads them into $1/archives.
download() {
  local root="$1" uri="$2" key="$3" from="$4" options=""
  shift 4
  rm -rf "$root"
  mkdir -p "$root"/{archives,state/lists/partial,cache/archives/partial}
  : >"$root/state/status"
  [[ $key != - && -r $key ]] && options="[signed-by=$key] "
  printf 'deb %s%s %s main\n' "$options" "$uri" "$from" >"$root/sources.list"
  private_apt "$root" update && (cd "$root/archives" && private_apt "$root" download "$@")
}

# The log of a quiet step is shown only when the step fails.
quietly() { "$@" >>"$build/log" 2>&1; }

# Sets $patchelf: from the PATH, otherwise from this machine's own suite, unpacked next to its libstdc++.
find_patchelf() {
  if command -v patchelf >/dev/null; then
    patchelf=(patchelf)
    return
  fi
  local own archive uri key
  own="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")"
  [[ -n $own ]] || return 1
  while read -r uri key; do
    quietly download "$build/apt-own" "$uri" "$key" "$own" patchelf libstdc++6 libgcc-s1 || continue
    for archive in "$build"/apt-own/archives/*.deb; do dpkg -x "$archive" "$build/patchelf" || return 1; done
    patchelf=(env "LD_LIBRARY_PATH=$build/patchelf/usr/lib/$triplet:$build/patchelf/lib/$triplet" "$build/patchelf/usr/bin/patchelf")
    return
  done <<<"$sources"
  return 1
}

# Unpacks the download and makes it run from its own folder with its own libc.
unpack() {
  local root="$1" final="$2" archive interpreter lib file
  for archive in "$build"/apt/archives/*.deb; do dpkg -x "$archive" "$root" || return 1; done
  lib="$root/usr/lib/$triplet"
  interpreter="$(cd "$root" && find . -name 'ld-linux-x86-64.so.2' | head -n 1)"
  [[ -x $root/usr/bin/llama-server && -n $interpreter ]] || return 1
  for file in "$root/usr/bin/llama-server" "$lib"/lib{llama,ggml,mtmd,stdc++,ssl,crypto,gomp}*.so* "$lib"/llama/*.so* "$lib"/ggml/*/*.so*; do
    [[ -f $file && ! -L $file ]] || continue
    "${patchelf[@]}" --force-rpath --set-rpath "$final/usr/lib/$triplet:$final/usr/lib/$triplet/llama" "$file" || return 1
  done
  "${patchelf[@]}" --set-interpreter "$final/${interpreter#./}" "$root/usr/bin/llama-server" || return 1
  # exec: killing this script's process id kills the server.
  cat >"$root/llama-server" <<'WRAPPER'
#!/bin/sh
root="$(dirname "$(readlink -f "$0")")"
kernels=x64
if grep -q -m 1 -w avx2 /proc/cpuinfo; then kernels=haswell; fi
GGML_BACKEND_PATH="${GGML_BACKEND_PATH:-$root/usr/lib/x86_64-linux-gnu/ggml/backends0/libggml-cpu-$kernels.so}"
export GGML_BACKEND_PATH
exec "$root/usr/bin/llama-server" "$@"
WRAPPER
  chmod +x "$root/llama-server"
}

if [[ -n ${LLAMA_SERVER:-} ]]; then
  runs "$LLAMA_SERVER" || fail "LLAMA_SERVER=$LLAMA_SERVER does not run."
  printf '%s\n' "$LLAMA_SERVER"
  exit 0
fi

if found="$(command -v llama-server)" && runs "$found"; then
  printf '%s\n' "$found"
  exit 0
fi

mkdir -p "$tools"
tools="$(cd "$tools" && pwd)"
server="$tools/llama/llama-server"
if runs "$server"; then
  printf '%s\n' "$server"
  exit 0
fi

# If two runs overlap, one builds, and the other waits and finds the result.
if command -v flock >/dev/null; then
  exec 9>"$tools/llama.lock"
  flock 9
  if runs "$server"; then
    printf '%s\n' "$server"
    exit 0
  fi
fi

[[ $(uname -m) == x86_64 ]] || fail "there is no prebuilt llama-server for $(uname -m)."
for needed in apt-get dpkg awk; do
  command -v "$needed" >/dev/null || fail "no llama-server was found, and $needed, which is needed to get Debian's package, is missing."
done

triplet=x86_64-linux-gnu
build="$(mktemp -d "$tools/llama.build.XXXXXX")"
trap 'rm -rf "$build"' EXIT
sources="$(debian_sources | sort -u)"
[[ -n $sources ]] || fail "no Debian mirror is configured on this machine (/etc/apt/sources.list*)."

say "downloading Debian's llama.cpp packages (suite $suite, about 13 MB, once) …"
downloaded=no
while read -r uri key; do
  if quietly download "$build/apt" "$uri" "$key" "$suite" "${packages[@]}"; then
    downloaded=yes
    break
  fi
done <<<"$sources"
if [[ $downloaded == no ]]; then
  tail -n 8 "$build/log" >&2
  fail "none of this machine's mirrors provides llama.cpp from suite $suite."
fi

patchelf=()
find_patchelf || { tail -n 8 "$build/log" >&2; fail "patchelf is not on the PATH and apt could not download it."; }
quietly unpack "$build/root" "$tools/llama" || { tail -n 8 "$build/log" >&2; fail "unpacking llama-server failed."; }

# The interpreter's path is absolute, so the program runs only in its final place.
if ! runs "$server"; then
  rm -rf "$tools/llama"
  mv -T "$build/root" "$tools/llama" 2>/dev/null || [[ -x $server ]] || fail "cannot move llama-server to $tools/llama."
fi
if ! runs "$server"; then
  "$server" --version 2>&1 | tail -n 5 >&2 || true
  rm -rf "$tools/llama"
  fail "Debian's llama-server does not run on this machine."
fi
printf '%s\n' "$server"
