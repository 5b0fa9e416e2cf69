"""ClickHouse as a child process, over HTTP on the loopback, with the table's user and database."""

import hashlib
import http.client
import signal
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.catalog.table import Credentials, Protocol
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.services.processes.binaries import server_program
from ci_toolkit.services.processes.child import Child, server_environment
from ci_toolkit.services.providers.native.server import Server
from ci_toolkit.services.providers.provider import LABEL, ServiceRequest

_CREATE_SECONDS: Final = 10
_SETTINGS: Final = """\
<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <http_port>{port}</http_port>
  <listen_host>{host}</listen_host>
  <path>{place}/data/</path>
  <tmp_path>{place}/data/tmp/</tmp_path>
  <user_files_path>{place}/data/user_files/</user_files_path>
  <format_schema_path>{place}/data/format_schemas/</format_schema_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <max_concurrent_queries>100</max_concurrent_queries>
</yandex>
"""
_USERS: Final = """\
<?xml version="1.0"?>
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <{user}>
      <password_sha256_hex>{password}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </{user}>
  </users>
</yandex>
"""


def start(request: ServiceRequest) -> Server:
    """Start ClickHouse, wait for its first answer and make the table's database."""
    program = server_program(Protocol.CLICKHOUSE)
    (request.folder / "data").mkdir(exist_ok=True)  # after a restart it is there
    settings = _write(
        request.folder / "config.xml", _SETTINGS.format(port=request.port, host=LOOPBACK, place=request.place)
    )
    login = request.service.credentials
    password = hashlib.sha256(login.password.encode()).hexdigest()
    _write(request.folder / "users.xml", _USERS.format(user=escape(login.user or "default"), password=password))
    child = Child(
        [program, f"--config={settings}"],
        log=request.log,
        secrets=request.secrets,
        cwd=request.folder,
        environment=server_environment({LABEL: request.session, **request.service.variables}),
    )
    server = Server(child, stops_by=signal.SIGKILL).until_ready(request)
    try:
        _create_database(request.port, login)
    except BaseException:
        server.stop()
        raise
    return server


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def _create_database(port: int, login: Credentials) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_CREATE_SECONDS)
    try:
        headers = {"X-ClickHouse-User": login.user or "default", "X-ClickHouse-Key": login.password}
        connection.request("POST", "/", f"CREATE DATABASE IF NOT EXISTS `{login.database or 'default'}`", headers)
        response = connection.getresponse()
        body = response.read(4096).decode(errors="replace")
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ServiceDiedError(
            f"clickhouse refused to make the database '{login.database}': {body}",
            advice="Give the row of clickhouse another `database`, or a server of another version.",
        )
