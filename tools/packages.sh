#!/bin/sh
# Install what tools/packages.list names and this machine lacks.
# As root, or with sudo that asks for no password, it installs; else it prints the one command.
# Looks only at the local package database when nothing is missing: no network needed.
# Services that come with a package (name servers, rsyslog) are neither started nor enabled: the demo
# and the tests run their own.
# SPDX-License-Identifier: MIT
set -eu

here=$(dirname "$0")

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

missing=
for name in $(sed -e 's/#.*//' "$here/packages.list"); do
    is_installed "$name" || missing="$missing $name"
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
log=$(mktemp)
policy=/usr/sbin/policy-rc.d # what it answers decides whether services are started; 101: no
made_policy=
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    made_policy=yes
fi
clean_up() {
    [ -z "$made_policy" ] || $as_root rm -f "$policy"
    rm -f "$log"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

if ! { $as_root apt-get update -q=2 &&
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q=2 -y --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "The packages could not be installed." >&2
    exit 1
fi
if command -v systemctl >/dev/null 2>&1; then
    for name in knot nsd bind9:named unbound rsyslog; do # package, or package:service
        case "$missing " in
        *" ${name%:*} "*) $as_root systemctl disable "${name#*:}" >/dev/null 2>&1 || true ;;
        esac
    done
fi
