# Behaves like the official image of ClickHouse as far as its users can tell, from Debian's packages.
FROM ci-toolkit/base:bookworm
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clickhouse-server wget \
    && rm -rf /var/lib/apt/lists /var/cache/apt
COPY clickhouse-entrypoint.sh /entrypoint.sh
VOLUME /var/lib/clickhouse
EXPOSE 8123
ENTRYPOINT ["/entrypoint.sh"]
