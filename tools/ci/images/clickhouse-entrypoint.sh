#!/bin/sh
# Makes the login and the database that CLICKHOUSE_USER, CLICKHOUSE_PASSWORD and CLICKHOUSE_DB ask for, then runs the server.
set -eu

if [ $# -gt 0 ]; then exec "$@"; fi

data=/var/lib/clickhouse
settings=/etc/clickhouse-server/ci
user=${CLICKHOUSE_USER:-default}
database=${CLICKHOUSE_DB:-}
password=$(printf %s "${CLICKHOUSE_PASSWORD:-}" | sha256sum | cut -d ' ' -f 1)

mkdir -p "$settings" "$data/metadata"
cat >"$settings/config.xml" <<END
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <http_port>8123</http_port>
  <listen_host>0.0.0.0</listen_host>
  <path>$data/</path>
  <tmp_path>$data/tmp/</tmp_path>
  <user_files_path>$data/user_files/</user_files_path>
  <format_schema_path>$data/format_schemas/</format_schema_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>67108864</mark_cache_size>
</yandex>
END
cat >"$settings/users.xml" <<END
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <$user>
      <password_sha256_hex>$password</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </$user>
  </users>
</yandex>
END
if [ -n "$database" ] && [ ! -e "$data/metadata/$database.sql" ]; then
    # What the server itself leaves behind for a database that is made.
    mkdir -p "$data/metadata/$database" "$data/data/$database"
    echo "ATTACH DATABASE $database ENGINE = Ordinary" >"$data/metadata/$database.sql"
fi
if [ "$(id -u)" = 0 ]; then
    chown -R clickhouse:clickhouse "$data" "$settings"
    exec /usr/bin/setpriv --reuid clickhouse --regid clickhouse --init-groups clickhouse-server --config="$settings/config.xml"
fi
exec clickhouse-server --config="$settings/config.xml"
