#!/usr/bin/env bash
# changelog.section.sh VERSION: prints that version's section of CHANGELOG.md; fails where there is none or it is empty.
set -euo pipefail
version=${1:?usage: changelog.section.sh VERSION}
cd "$(dirname "$0")/.."
section=$(awk -v version="$version" '
  /^## / { inside = ($2 == version || $2 == "[" version "]"); next }
  inside' CHANGELOG.md)
if [[ -z ${section//[[:space:]]/} ]]; then
  echo "CHANGELOG.md has no section \"## $version\" with content." >&2
  exit 1
fi
echo "$section"
