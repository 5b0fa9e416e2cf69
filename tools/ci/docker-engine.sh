#!/bin/sh
# A real Docker engine with the images that the tests ask for, on a Debian machine, as root, without an image registry.
#
#   sh tools/ci/docker-engine.sh start    installs what is missing, starts dockerd if none answers, makes the images
#   sh tools/ci/docker-engine.sh stop     ends the dockerd that `start` started, and no other
#
# Always exits 0: where no engine can run, the docker tests skip and say why. Safe to run again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
state=${CI_TOOLKIT_ENGINE_DIR:-/tmp/ci-toolkit-engine}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ci-toolkit/images
suite=bookworm
packages=postgresql,redis-server,busybox
base=ci-toolkit/base:$suite
clickhouse=clickhouse/clickhouse-server:23.8
python=python:3.11-slim
images="postgres:15 postgres:15-alpine redis:7 redis:7-alpine $clickhouse $clickhouse-alpine"

main() {
    case "${1:-}" in
        start) start || say "no engine here; the docker tests skip" ;;
        stop) stop ;;
        *) echo "usage: $0 start|stop" >&2 && exit 2 ;;
    esac
}

say() {
    echo "docker engine: $*" >&2
}

start() {
    have_programs && have_engine && have_images && have_compose &&
        say "ready, $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short || echo missing)"
}

# Conditions turn `set -e` off, so each step below is chained.

have_programs() {
    missing=""
    command -v dockerd >/dev/null || missing="docker.io containerd runc iptables"
    command -v debootstrap >/dev/null || missing="$missing debootstrap"
    [ -z "$missing" ] && return
    if engine_answers && images_are_here; then return; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "cannot install $missing (needs apt-get and root)" && return 1
    fi
    say "installing $missing"
    # shellcheck disable=SC2086 (a list of names)
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

engine_answers() {
    timeout 10 docker info --format '{{.ServerVersion}}' 2>/dev/null | grep -q .
}

have_engine() {
    if engine_answers; then return; fi
    if [ "$(id -u)" != 0 ]; then say "dockerd needs root" && return 1; fi
    mkdir -p "$state"
    our_engine >/dev/null || rm -f "$state/dockerd.pid" # one that was killed left it
    # In a session of its own, so that a Ctrl-C meant for the tests does not take the engine from under them.
    setsid dockerd --pidfile "$state/dockerd.pid" >"$state/dockerd.log" 2>&1 </dev/null &
    tries=0
    until engine_answers; do
        tries=$((tries + 1))
        if [ $tries -gt 150 ] || ! kill -0 $! 2>/dev/null; then
            say "dockerd did not start:" && tail -n 5 "$state/dockerd.log" >&2
            return 1
        fi
        sleep 0.2
    done
}

# Prints the process id of the dockerd that this script started, which may be another program's by now.
our_engine() {
    number=$(cat "$state/dockerd.pid" 2>/dev/null) && [ "$(cat "/proc/$number/comm" 2>/dev/null)" = dockerd ] && echo "$number"
}

images_are_here() {
    # shellcheck disable=SC2086 (a list of names)
    docker image inspect $images $python >/dev/null 2>&1
}

have_images() {
    if images_are_here; then return; fi
    docker image inspect "$base" >/dev/null 2>&1 || import_base || return
    for image in $images; do
        make_image "$image" || return
    done
    make_image $python || say "no image of Python, so those of examples/netra are not tried"
}

import_base() {
    tar=$cache/$suite,$packages.tar
    if [ ! -s "$tar" ]; then
        say "making a base image of Debian packages (about a minute)"
        root=$(mktemp -d)
        mkdir -p "$cache" &&
            debootstrap --variant=minbase --include=$packages "$suite" "$root" >"$state.debootstrap.log" 2>&1 &&
            rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists" "$root/var/lib/postgresql/"* "$root/usr/share/doc" &&
            tar -C "$root" -cf "$tar.part" . && mv "$tar.part" "$tar" || {
            say "debootstrap failed:" && tail -n 5 "$state.debootstrap.log" >&2
            rm -rf "$root"
            return 1
        }
        rm -rf "$root"
    fi
    docker import "$tar" "$base" >/dev/null
}

# The classic builder, which needs no plugin and no registry. The regular images come before those made of them.
make_image() {
    context=$(mktemp -d)
    cp "$here"/images/* "$context/"
    cp "$here/../../examples/netra/pyproject.toml" "$context/netra.toml"
    cp "$here/../../pyproject.toml" "$context/ci-toolkit.toml"
    cp /etc/ssl/certs/ca-certificates.crt "$context/" 2>/dev/null || : >"$context/ca-certificates.crt"
    build "$1"
    ended=$?
    rm -rf "$context"
    return $ended
}

build() {
    case $1 in
        *-alpine) file=alpine.dockerfile ;;
        clickhouse/*) file=clickhouse.dockerfile ;;
        *) file=${1%%:*}.dockerfile ;;
    esac
    DOCKER_BUILDKIT=0 docker build --network host -q -t "$1" --build-arg REGULAR="${1%-alpine}" -f "$context/$file" "$context" \
        >/dev/null 2>"$state.build.log" || {
        say "building $1 failed:" && tail -n 5 "$state.build.log" >&2
        return 1
    }
}

# Compose v2 is newer than Debian's stable release. Its package comes from sid with lists of their own, so that nothing
# else on this machine is ever taken from there. Without it the tests of the compose files alone skip.
have_compose() {
    if docker compose version >/dev/null 2>&1; then return; fi
    plugins=/usr/local/lib/docker/cli-plugins
    work=$(mktemp -d)
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" "Component: main" | head -n 1)
    mkdir -p "$work/lists/partial" "$work/archives/partial" &&
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/sources.list" &&
        from_sid update && from_sid download docker-compose &&
        dpkg -x "$work"/docker-compose_*.deb "$work/unpacked" && mkdir -p "$plugins" &&
        find "$work/unpacked" -name docker-compose -type f -path '*cli-plugins*' -exec cp {} "$plugins/" \; ||
        say "no compose plugin to be had; its tests skip"
    rm -rf "$work"
}

from_sid() {
    (cd "$work" && apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root "$@" >&2)
}

stop() {
    pid=$(our_engine) || return 0
    kill "$pid" 2>/dev/null || return 0
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    say "stopped"
}

main "$@"
