#!/usr/bin/env bash
# Packs the contract and the project templates as a release would, creates a plugin of each kind from them, and builds it.
# Works in a temporary folder: no template stays installed, and nothing is added to the user's package cache.
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
version="0.0.0-try"
kinds=(transform response handler engine)

echo "Packing …"
for project in Bioproxy.Abstractions Bioproxy.Templates; do
  dotnet pack "src/$project" --configuration Release --output "$work/feed" --nologo --verbosity quiet -p:PackageVersion="$version"
done

packages="$(dotnet nuget locals global-packages --list | sed 's/^global-packages: //')"
cat >"$work/nuget.config" <<CONFIG
<configuration>
  <config><add key="globalPackagesFolder" value="$work/packages" /></config>
  <packageSources><add key="packed here" value="$work/feed" /></packageSources>
  <fallbackPackageFolders><add key="fetched before" value="$packages" /></fallbackPackageFolders>
</configuration>
CONFIG

hive=(--debug:custom-hive "$work/hive")
dotnet new install "$work/feed/Bioproxy.Templates.$version.nupkg" "${hive[@]}" >/dev/null
for kind in "${kinds[@]}"; do
  echo "Creating and building a plugin of kind $kind …"
  # A name that is not a valid namespace.
  plugin="$work/$kind/Acme.Shout-2"
  dotnet new bioproxy-plugin --name Acme.Shout-2 --kind "$kind" --output "$plugin" "${hive[@]}" >/dev/null
  dotnet sln "$plugin" list | grep -q '^Acme.Shout-2/Acme.Shout-2.csproj$'
  dotnet build "$plugin/Acme.Shout-2" --configuration Release --nologo --verbosity quiet
  if ls "$plugin"/Acme.Shout-2/bin/Release/net10.0/ | grep -v '^Acme.Shout-2\.'; then
    echo "These files do not belong in a plugin's folder."
    exit 1
  fi
done
for file in lib/net10.0/Bioproxy.Abstractions.{dll,xml} README.md; do
  [ -f "$work/packages/bioproxy.abstractions/$version/$file" ] || { echo "The package Bioproxy.Abstractions does not contain $file."; exit 1; }
done
echo "${#kinds[@]} passed, 0 failed"
