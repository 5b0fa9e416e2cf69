"""An empty PostgreSQL cluster as the official image's entry point makes it, without the server that it starts for that.

The entry point runs initdb, then starts a server to make the database, and ends it; each of these two waits is
counted in tenths of a second. Here PostgreSQL's single-user mode makes the database. What the entry point would do
beyond that (scripts, logins from files, another way of authentication) is left to it, and so is whatever fails here:
it starts on an empty folder then, and says itself what is wrong.
"""

from typing import Final

from ci_toolkit.services.providers.docker.containers.image import Image

_OFFICIAL: Final = "postgres"
_PREFIXES: Final = ("index.docker.io/", "docker.io/", "library/")
_ENTRY_POINT: Final = ("docker-entrypoint.sh",)
_COMMAND: Final = ("postgres",)

MAKE: Final = """\
(
set -e
test ! -e "$PGDATA/PG_VERSION"
test -n "$POSTGRES_PASSWORD"
test -n "$POSTGRES_USER"
test -n "$POSTGRES_DB"
test -z "$POSTGRES_INITDB_WALDIR$POSTGRES_HOST_AUTH_METHOD"
test -z "$POSTGRES_PASSWORD_FILE$POSTGRES_USER_FILE$POSTGRES_DB_FILE$POSTGRES_INITDB_ARGS_FILE"
test -z "$(ls -A /docker-entrypoint-initdb.d 2>/dev/null)"
test "$POSTGRES_DB" = "$(printf %s "$POSTGRES_DB" | tr -d '\\n')"
as_server() {
    if [ "$(id -u)" != 0 ]; then "$@"
    elif command -v gosu >/dev/null; then gosu postgres "$@"
    elif command -v su-exec >/dev/null; then su-exec postgres "$@"
    else /usr/bin/setpriv --reuid postgres --regid postgres --init-groups "$@"
    fi
}
mkdir -p "$PGDATA"
chmod 700 "$PGDATA"
secret=$(mktemp)
trap 'rm -f "$secret"' EXIT
printf '%s\\n' "$POSTGRES_PASSWORD" >"$secret"
if [ "$(id -u)" = 0 ]; then chown postgres "$PGDATA" "$secret"; fi
eval 'as_server initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile="$secret" '"$POSTGRES_INITDB_ARGS"
case "$(cat "$PGDATA/PG_VERSION")" in
    9.* | 1[0-3]) method=md5 ;;
    *) method=scram-sha-256 ;;
esac
printf '\\nhost all all all %s\\n' "$method" >>"$PGDATA/pg_hba.conf"
if [ "$POSTGRES_DB" != postgres ]; then
    printf 'CREATE DATABASE "%s"\\n' "$(printf %s "$POSTGRES_DB" | sed 's/"/""/g')" |
        as_server postgres --single -F -c exit_on_error=on -D "$PGDATA" postgres
fi
) </dev/null
[ $? = 0 ] || find "$PGDATA" -mindepth 1 -delete"""
"""Shell lines that run before the entry point, which takes up what they leave as what it made itself."""


def is_made_here(image: Image) -> bool:
    """Whether ``image`` is the official one as it comes: another's entry point may do more than its name says."""
    name = image.name
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    repository = name.partition("@")[0].partition(":")[0]
    return (repository, image.entry_point, image.arguments) == (_OFFICIAL, _ENTRY_POINT, _COMMAND)
