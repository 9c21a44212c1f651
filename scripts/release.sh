#!/usr/bin/env bash
# Makes everything that a release consists of, into a folder: one program for each system, which carries its runtime and its plugins; the
# package for "dotnet tool install"; the Debian package; an SBOM (CycloneDX); and SHA256SUMS over all of them.
# Usage: scripts/release.sh [--out FOLDER] [--only PART[,PART…]]
#   --out    artifacts/release unless given
#   --only   parts of: linux-x64, linux-arm64, osx-arm64, win-x64 (programs), tool, deb, sbom
# The version is that of Directory.Build.props. Needs the .NET SDK, and for the Debian package dpkg-deb.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=artifacts/release
parts=linux-x64,linux-arm64,osx-arm64,win-x64,tool,sbom,deb
while [ "$#" -gt 0 ]; do
  case "$1" in
    --out) out="$2"; shift 2 ;;
    --only) parts="$2"; shift 2 ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' scripts/release.sh; exit 0 ;;
    *) echo "scripts/release.sh: unknown option $1 (there are --out and --only)" >&2; exit 2 ;;
  esac
done
version="$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)"
mkdir -p "$out"
out="$(cd "$out" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

wants() { [[ ",$parts," == *",$1,"* ]]; }

publish() { dotnet publish src/Bioproxy.Host --configuration Release --nologo --verbosity quiet "$@"; }

# A program in one file. --no-restore is not used: each system has its own runtime pack.
program() {
  local rid="$1" name="bioproxy-$version-$1" suffix=
  [[ $rid == win-* ]] && suffix=.exe
  echo "Publishing for $rid …"
  publish -p:ReleaseRid="$rid" -p:ReleaseForm=file --output "$work/$rid"
  cp "$work/$rid/bioproxy$suffix" "$out/$name$suffix"
}

sbom() {
  echo "Listing what is inside (SBOM) …"
  dotnet tool restore --verbosity quiet > /dev/null
  for project in src/Bioproxy.Host plugins/Bioproxy.PrefixExpander plugins/Bioproxy.PrefixStabiliser; do
    dotnet restore "$project" --verbosity quiet
  done
  dotnet tool run dotnet-CycloneDX packaging/release.slnf --disable-package-restore --exclude-dev \
    --no-serial-number --spec-version 1.6 --output-format Json --set-name Bioproxy --set-version "$version" \
    --output "$out" --filename "bioproxy-$version.cdx.json" > "$work/sbom.log" 2>&1 || { cat "$work/sbom.log" >&2; exit 1; }
}

# $1 template, the rest NAME=VALUE: replaces @NAME@.
fill() {
  local text
  text="$(cat "$1")"
  shift
  for pair in "$@"; do text="${text//@${pair%%=*}@/${pair#*=}}"; done
  printf '%s\n' "$text"
}

deb() {
  local root="$work/deb" doc=usr/share/doc/bioproxy file
  command -v dpkg-deb > /dev/null || { echo "There is no dpkg-deb: the Debian package is left out." >&2; return 0; }
  [ -f "$out/bioproxy-$version.cdx.json" ] || sbom
  echo "Packing for Debian …"
  publish -p:ReleaseRid=linux-x64 --output "$root/usr/lib/bioproxy"
  find "$root/usr/lib/bioproxy" \( -name '*.pdb' -o -name '*.xml' \) -delete
  mkdir -p "$root"/{DEBIAN,usr/bin,etc/bioproxy,usr/lib/systemd/system,"$doc"}
  ln -s ../lib/bioproxy/bioproxy "$root/usr/bin/bioproxy"
  cp -r templates "$root/etc/bioproxy/templates"
  cp packaging/deb/config.json "$root/etc/bioproxy/config.json"
  cp packaging/deb/bioproxy.service "$root/usr/lib/systemd/system/"
  cp config.example.json docs/operations.md docs/configuration.md "$root/$doc/"
  cp "$out/bioproxy-$version.cdx.json" "$root/$doc/bioproxy.cdx.json"
  fill packaging/deb/copyright.in "LICENSE=$(sed 's/^$/./; s/^/ /' LICENSE)" > "$root/$doc/copyright"
  # Folders and programs 755, all else 644, whatever the umask was.
  find "$root" -type d -exec chmod 755 {} +
  find "$root" -type f -exec chmod 644 {} +
  chmod 755 "$root/usr/lib/bioproxy/bioproxy"
  for file in postinst prerm postrm; do install -m 755 "packaging/deb/$file" "$root/DEBIAN/$file"; done
  install -m 644 packaging/deb/conffiles "$root/DEBIAN/conffiles"
  fill packaging/deb/control.in "VERSION=$version" ARCHITECTURE=amd64 "SIZE=$(du -sk "$root/usr" | cut -f 1)" > "$root/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$root" "$out/bioproxy_${version}_amd64.deb" > /dev/null
}

for rid in linux-x64 linux-arm64 osx-arm64 win-x64; do
  if wants "$rid"; then program "$rid"; fi
done
if wants tool; then
  echo "Packing the tool …"
  dotnet pack src/Bioproxy.Host --configuration Release -p:ReleaseForm=tool --nologo --verbosity quiet --output "$out"
fi
if wants sbom; then sbom; fi
if wants deb; then deb; fi
# The next build must not find the restore of another system.
dotnet restore src/Bioproxy.Host --verbosity quiet

cd "$out"
find . -maxdepth 1 -type f -name "*$version*" -printf '%f\n' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
ls -l "$out"
