import tomllib

import pytest
from import_lab import Importer

from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import Protocol

SHOP = """\
x-app: &app
  restart: always
  environment: &variables
    LOG_LEVEL: ${LOG_LEVEL:-info}
services:
  db:
    image: postgis/postgis:${TAG:-16-3.4}
    ports: ["${DB_PORT:-5440}:5432"]
    environment: [POSTGRES_USER=shop, POSTGRES_PASSWORD=hush-hush-1, POSTGRES_DB=shop, TZ=UTC]
    volumes: ["data:/var/lib/postgresql/data", "./initdb:/docker-entrypoint-initdb.d:ro"]
    healthcheck: {test: [CMD, pg_isready]}
  cache:
    image: valkey/valkey:8
    command: [valkey-server, --requirepass, hush-hush-2]
    ports: ["127.0.0.1:6380:6379/tcp"]
  mail: {image: mailhog/mailhog, ports: ["1025:1025", {target: 8025, published: "8026"}]}
  queue: {image: "rabbitmq:3", ports: [5672]}
  migrate: {build: ., command: alembic upgrade head, depends_on: [db]}
  web:
    <<: *app
    build: {context: .}
    command: uvicorn shop:app --host 0.0.0.0 --port 8000
    ports: ["9000:8000"]
    environment:
      <<: *variables
      DATABASE_URL: postgresql+asyncpg://shop:hush-hush-1@db/shop
      CACHE: redis://:hush-hush-2@cache:6379/0
      MAIL_WEB: http://mail:8025/api
      SMTP: mail:1025
      BROKER: amqp://guest:hush-hush-3@queue:5672/
      POSTGRES_DB: shop
      DB_HOST: db
      DB_PORT: "5432"
      API_TOKEN: hush-hush-4
      BRACES: "{db_url}"
    depends_on:
      db: {condition: service_healthy}
      cache: {condition: service_started}
      mail: {condition: service_started}
      queue: {condition: service_started}
      migrate: {condition: service_completed_successfully}
    healthcheck: {test: curl -f http://localhost:8000/health || exit 1, interval: 10s, retries: 6, start_period: 1m30s}
volumes: {data: {}}
"""


def test_a_whole_compose_file_becomes_the_table(importer: Importer) -> None:
    assert importer.rows(SHOP) == {
        "postgresql": {
            "image": "postgis/postgis:16-3.4",
            "port": 5440,
            "user": "shop",
            "password": "hush-hush-1",
            "database": "shop",
            "migrations": ["initdb/*.sql"],
            "variables": {"TZ": "UTC"},
        },
        "redis": {"image": "valkey/valkey:8", "port": 6380, "password": "hush-hush-2"},
        "mail": {
            "protocol": "http",
            "port": 8026,
            "image": "mailhog/mailhog",
            "container-port": 8025,
            "path": "/",
        },
        "queue": {"protocol": "http", "port": 5672, "image": "rabbitmq:3", "ready-log": "Server startup complete"},
        "migrate": {"protocol": "job", "command": ["alembic", "upgrade", "head"], "depends-on": ["postgresql"]},
        "web": {
            "protocol": "http",
            "port": 9000,
            "path": "/health",
            "command": ["uvicorn", "shop:app", "--host", "0.0.0.0", "--port", "{port}"],
            "depends-on": ["postgresql", "redis", "mail", "queue", "migrate"],
            "ready-seconds": 150,
            "variables": {
                "LOG_LEVEL": "info",
                "CACHE": "{redis_url}",
                "MAIL_WEB": "{mail_url}/api",
                "BROKER": "amqp://guest:hush-hush-3@{queue_host}:{queue_port}/",
                "DB_HOST": "{postgresql_host}",
                "DB_PORT": "{postgresql_port}",
                "API_TOKEN": "hush-hush-4",
                "BRACES": "{{db_url}}",
            },
        },
    }
    table = read_table(importer.top)
    assert table.service("web").depends_on == ("postgresql", "redis", "mail", "queue", "migrate")
    assert table.first(Protocol.CLICKHOUSE) is None


def test_what_is_printed_is_the_table_that_would_be_written_and_holds_no_secret(importer: Importer) -> None:
    importer.write({"compose.yaml": SHOP})
    code, printed, talked = importer.run()
    assert code == 0
    assert importer.top.joinpath("pyproject.toml").read_text() == "[project]\nname = 'shop'\n"
    assert "hush" not in printed + talked
    shown = tomllib.loads(printed)["tool"]["ci-toolkit"]["services"]
    importer.run("--write")
    written = tomllib.loads(importer.top.joinpath("pyproject.toml").read_text())["tool"]["ci-toolkit"]["services"]
    del written["postgresql"]["password"], written["redis"]["password"]
    del written["web"]["variables"]["API_TOKEN"], written["web"]["variables"]["BROKER"]
    assert shown == written


def test_what_has_no_place_in_the_table_is_said_with_line_and_reason(importer: Importer) -> None:
    assert importer.notes(SHOP) == [
        "compose.yaml:2: web: restart: ci-toolkit starts it when it is needed, and ends it with the run",
        "compose.yaml:16: mail: ports: a row has one port, and 1025 is a further one",
        "compose.yaml:26: web: DATABASE_URL: the table sets it, in its own form",
        "compose.yaml:29: web: SMTP: it names a host of compose's network, and no placeholder says the same",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{image: 'redis:7', profiles: [debug]}", "compose starts it with a profile alone; `--profile debug` takes it"),
        ("{image: 'redis:$TAG'}", "its image is decided by a variable that has no value here"),
        ("{image: someone/thing}", "its image is none that is known"),
        ("{image: minio/minio, command: server /data}", "its image is started with a command of compose's"),
        ("{image: minio/minio, entrypoint: sh}", "its image is started with an entrypoint"),
        ("{restart: always}", "it has neither an image nor a build"),
        ("{build: .}", "it has no port, and its image says what it runs"),
        ("{build: ., command: celery worker}", "it has no port, and nothing says when it is ready"),
        ('{build: ., command: [celery, "a\\nb"]}', "its command is no plain list of words"),
        ("5", "it is no mapping"),
        ("{build: ., ports: ['80:80'], command: 'it''s'}", "a quote in it is not closed"),
        ("{build: ., ports: ['80:80'], healthcheck: {test: [ASK, x]}}", "its test is no line, and no list of CMD"),
        ("{build: ., ports: ['80:80/udp', '80:80']}", "only TCP ports are served"),
        ("{build: ., ports: ['1-30:1-30', '80:80']}", "it is a range of more than 20 ports"),
        ("{build: ., ports: ['1-2:1-3', '80:80']}", "its two ranges have different lengths"),
        ("{build: ., ports: ['99999:80', '80:80']}", "it is no port between 1 and 65535"),
        ("{build: ., ports: ['80:80'], environment: ['PASSWORD: hush']}", "it is neither NAME=VALUE nor NAME: VALUE"),
        ("{build: ., ports: ['80:80'], environment: [HERE]}", "it comes from the shell"),
        ("{build: ., ports: ['80:80'], env_file: [none.env]}", "no plain file of this project"),
        ("{build: ., ports: ['80:80'], depends_on: [other]}", "'other' has no row"),
        ("{build: ., ports: ['80:80'], made_up: 3}", "compose has no such key of a service"),
        ("{build: ., ports: ['80:80'], extends: {service: nobody}}", "no such service is there"),
        ("{build: ., ports: ['80:80'], extends: {file: ../../x.yml, service: a}}", "it is no plain file of this project"),
        ("{build: ., ports: ['80:80'], extends: s}", "services extend each other without end"),
        ("{build: web, ports: ['80:80'], command: serve}", "it runs in the project's root, not in web"),
        ("{build: ., ports: ['5432:80']}", "5432 is the port of 's'"),
        ("{image: 'postgres:16'}", "the table has one postgresql, and that is 's' of compose.yaml:2"),
        ("{image: 'redis:7', volumes: ['./redis.conf:/etc/redis.conf']}", "no file is given to a server"),
        ("{image: 'redis:7', command: redis-server --appendonly yes}", "the table starts a store by its own options"),
    ],
)  # fmt: skip
def test_each_thing_that_is_not_taken_has_its_reason(importer: Importer, row: str, said: str) -> None:
    notes = importer.notes(f"services:\n  s: {row}\n  db: {{image: 'postgres:15', ports: ['5432:5432']}}\n")
    assert any(said in note for note in notes), notes
    assert "hush" not in "".join(notes)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{build: ., ports: ['80:80']}", {"protocol": "http", "port": 80, "path": "/"}),
        ("{build: ., ports: [80]}", {"protocol": "http", "port": 80, "path": "/"}),
        ("{build: ., expose: ['80']}", {"protocol": "http", "port": 80, "path": "/"}),
        ("{build: ., ports: ['[::1]:81:80']}", {"protocol": "http", "port": 81, "path": "/"}),
        ("{build: ., ports: ['80-81:80-81']}", {"protocol": "http", "port": 80, "path": "/"}),
        ("{build: ., ports: ['90-99:80']}", {"protocol": "http", "port": 90, "path": "/"}),
        (
            "{build: ., ports: ['80:80'], healthcheck: {test: [CMD, ./ready, now]}}",
            {"protocol": "http", "port": 80, "ready-command": ["./ready", "now"]},
        ),
        (
            "{build: ., command: work, healthcheck: {test: ./ready || exit 1}}",
            {"protocol": "none", "ready-command": ["sh", "-c", "./ready || exit 1"], "command": ["work"]},
        ),
        ("{build: ., ports: ['80:80'], healthcheck: {disable: true}}", {"protocol": "http", "port": 80, "path": "/"}),
        ("{build: ., ports: ['80:80'], healthcheck: {test: [NONE]}}", {"protocol": "http", "port": 80, "path": "/"}),
        (
            "{image: x/y, ports: ['81:90'], healthcheck: {test: [CMD, wget, 'http://127.0.0.1:90/up?a=1']}}",
            {"protocol": "http", "port": 81, "container-port": 90, "image": "x/y", "path": "/up?a=1"},
        ),
        (
            "{build: ., ports: ['80:80'], command: [serve, '--bind=0.0.0.0:80', '80', '8080', 'a80', '{port}']}",
            {
                "protocol": "http", "port": 80, "path": "/",
                "command": ["serve", "--bind=0.0.0.0:{port}", "{port}", "8080", "a80", "{{port}}"],
            },
        ),
    ],
)  # fmt: skip
def test_how_a_service_is_asked_whether_it_is_ready(importer: Importer, row: str, expected: dict[str, object]) -> None:
    assert importer.rows(f"services:\n  s: {row}\n") == {"s": expected}


def test_what_a_service_names_without_depending_on_it_is_known_and_a_store_is_there_before_it(
    importer: Importer,
) -> None:
    rows = importer.rows("""\
        services:
          db: {image: 'postgres:15'}
          cache: {image: 'redis:7'}
          page: {build: ., ports: ['3000:3000']}
          web:
            build: .
            ports: ['8000:8000']
            depends_on: [db]
            environment: {CACHE: 'redis://cache:6379', PAGE: 'http://page:3000/x', DB: 'postgres://u:p@db/x', ME: 'http://web:8000'}
          plain: {build: ., ports: ['8001:8000'], environment: {PAGE: 'http://page:3000', CACHE: 'redis://cache:6379'}}
    """)
    assert rows["web"]["depends-on"] == ["postgresql", "redis"]
    assert rows["web"]["knows"] == ["page"]
    assert rows["web"]["variables"] == {"CACHE": "{redis_url}", "PAGE": "{page_url}/x", "DB": "{postgresql_url}"}
    assert rows["plain"].items() >= {"knows": ["page"]}.items()
    assert "depends-on" not in rows["plain"]


@pytest.mark.parametrize(
    ("others", "port"), [(["80"], None), (["5432"], 5434), (["5434"], 15432), (["5434", "15432"], 15433)]
)
def test_a_store_makes_way_for_what_has_its_port(importer: Importer, others: list[str], port: int | None) -> None:
    webs = "".join(f"  s{number}: {{build: ., ports: ['{number}:80']}}\n" for number in others)
    rows = importer.rows(f"services:\n  db: {{image: 'postgres:15'}}\n{webs}")
    assert rows.get("postgresql", {}).get("port") == port


def test_a_row_that_is_there_keeps_what_compose_does_not_say_and_is_not_changed_without_asking(
    importer: Importer,
) -> None:
    own = "# ours\n[tool.ci-toolkit.services]\nclickhouse = false\n[tool.ci-toolkit.services.postgresql]\nuser = 'me'\n"
    own += "ready-seconds = 9\n\n[tool.other]\na = 1\n"
    importer.write({"pyproject.toml": own, "compose.yaml": SHOP})
    code, printed, _ = importer.run("--write")
    assert (code, printed) == (0, "written    pyproject.toml.new  (pyproject.toml is kept)\n")
    assert importer.top.joinpath("pyproject.toml").read_text() == own
    beside = importer.top.joinpath("pyproject.toml.new")
    written = tomllib.loads(beside.read_text())["tool"]
    assert written["other"] == {"a": 1}
    assert (
        written["ci-toolkit"]["services"]["postgresql"] | {"user": "shop", "ready-seconds": 9}
        == (written["ci-toolkit"]["services"]["postgresql"])
    )
    beside.rename(importer.top / "pyproject.toml")
    assert importer.run("--write")[1] == "unchanged  pyproject.toml\n"


@pytest.mark.parametrize(
    "own",
    [
        "[tool.ci-toolkit.services] # here\nredis = false\n",
        "[tool.ci-toolkit.services.clickhouse]\nport = 9999\n",
        "[tool.ci-toolkit]\nlint = {}\n",
        "[project]\r\nname = 'a'\r\n",
        "",
    ],
)
def test_rows_are_added_to_whatever_is_there(importer: Importer, own: str) -> None:
    importer.write({"pyproject.toml": own.encode(), "compose.yaml": "services: {db: {image: 'postgres:17'}}\n"})
    assert importer.run("--write")[1] == "changed    pyproject.toml\n"
    after = importer.top.joinpath("pyproject.toml").read_bytes().decode()
    assert all(line in after.split("\n") for line in own.split("\n"))
    assert tomllib.loads(after)["tool"]["ci-toolkit"]["services"]["postgresql"] == {"image": "postgres:17"}


@pytest.mark.parametrize(
    "own", ["tool.ci-toolkit.services.redis.port = 1\n", "[tool]\nci-toolkit = {services = {redis = false}}\n"]
)
def test_a_table_to_which_nothing_can_be_added_is_left_as_it_is(importer: Importer, own: str) -> None:
    importer.write(
        {"pyproject.toml": own, "compose.yaml": "services: {db: {image: 'postgres:17'}, r: {image: redis:6}}\n"}
    )
    code, _, told = importer.run("--write")
    assert (code, "no row can be added" in told) == (2, True)
    assert importer.top.joinpath("pyproject.toml").read_text() == own


def test_the_last_line_counts_the_rows_and_what_is_not_taken(importer: Importer) -> None:
    importer.write({"compose.yaml": "services:\n  db: {image: 'postgres:16', restart: always}\n"})
    assert importer.run()[2].splitlines()[-1] == "ci-toolkit: rows for 1 of 1 service; not taken: 1 thing"
