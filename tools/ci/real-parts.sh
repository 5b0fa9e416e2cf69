#!/bin/sh
# Installs the real servers that the tests talk to, and the browser they use, on a Debian machine, as root. Safe to run again.
set -eu

missing=""
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v clickhouse-server >/dev/null || missing="$missing clickhouse-server"
command -v memcached >/dev/null || missing="$missing memcached"
command -v chromium >/dev/null || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
if [ -z "$missing" ]; then
    echo "real parts: everything is here"
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "real parts: cannot install$missing (needs apt-get and root); their tests skip and say so" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 (a list of names)
apt-get install -y -qq --no-install-recommends $missing
