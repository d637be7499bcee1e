#!/bin/sh
# Install what tools/packages.list names and this machine lacks.
# As root, or with sudo that asks for no password, it installs; else it prints the one command.
# Looks only at the local package database when nothing is missing: no network needed.
# SPDX-License-Identifier: MIT
set -eu

here=$(dirname "$0")
missing=
for name in $(sed -e 's/#.*//' "$here/packages.list"); do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        echo "These Debian packages are missing. Type:" >&2
        echo "    su -c 'apt-get update && apt-get install -y --no-install-recommends$missing'" >&2
        exit 1
    fi
fi

echo "Installing Debian packages:$missing"
$as_root apt-get update -q=2
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q=2 -y --no-install-recommends $missing >/dev/null
