#!/bin/sh
# Build the image in two folders of different names, and compare: an image holds no path, and no time
# but SOURCE_DATE_EPOCH.
# SPDX-License-Identifier: MIT
set -eu

board=${BOARD:-mps2-an385}
here=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

epoch=$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 1795305600)
cache=${VD_CACHE:-$here/build/cache}
for copy in one another-name; do
    mkdir "$scratch/$copy"
    (cd "$here" && git ls-files -co --exclude-standard -z | xargs -0 tar c) | tar x -C "$scratch/$copy"
    SOURCE_DATE_EPOCH=$epoch VD_CACHE=$cache make --no-print-directory -C "$scratch/$copy" \
        firmware BOARD="$board" BUILD_ID=compared >/dev/null
done
one=$(sha256sum <"$scratch/one/build/$board/vedette.bin")
other=$(sha256sum <"$scratch/another-name/build/$board/vedette.bin")
if [ "$one" != "$other" ]; then
    echo "not reproducible: $board differs between two folders" >&2
    exit 1
fi
if strings "$scratch/one/build/$board/vedette.bin" | grep -F -e "$scratch" -e "$here/"; then
    echo "the image holds a path of this machine" >&2
    exit 1
fi
echo "reproducible: $board, sha256 ${one%% *}"
