# Behaves like the official slim image of Python as far as its users can tell, from Debian's packages. It trusts whom this
# machine trusts, so that pip reaches the same indexes, and what examples/netra requires is there: its builds are quick.
FROM ci-toolkit/base:bookworm
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates python3-pip \
    && rm -rf /var/lib/apt/lists /var/cache/apt /usr/lib/python3*/EXTERNALLY-MANAGED \
    && ln -s /usr/bin/python3 /usr/local/bin/python
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY python_requirements.py netra.toml ci-toolkit.toml /tmp/
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_ROOT_USER_ACTION=ignore
RUN python3 /tmp/python_requirements.py /tmp/netra.toml /tmp/ci-toolkit.toml >/tmp/requirements.txt \
    && pip install -q --no-cache-dir hatchling -r /tmp/requirements.txt
CMD ["python3"]
