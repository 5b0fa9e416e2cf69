# Behaves like the official image of Redis as far as its users can tell, from Debian's packages.
FROM ci-toolkit/base:bookworm
COPY redis-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
VOLUME /data
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
