#!/bin/sh
# Runs the server as its own user; answers through a published port, as the official image does.
set -eu

if [ "${1#-}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" != redis-server ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
    chown -R redis:redis .
    exec /usr/bin/setpriv --reuid redis --regid redis --init-groups "$0" "$@"
fi
exec "$@" --protected-mode no
