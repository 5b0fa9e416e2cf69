"""Several files, what they include and extend, their variables, and files of strangers."""

import os
from pathlib import Path

import pytest
from import_lab import Importer

DB = "services: {db: {image: 'postgres:16', ports: ['5440:5432']}}\n"


def test_the_usual_file_and_its_override_are_read_together(importer: Importer) -> None:
    importer.write({
        "compose.override.yml": """\
            services:
              db: {image: 'postgres:17', ports: ['5441:5432'], environment: {POSTGRES_USER: b, A: over}}
              web: {ports: !override ['90:80'], environment: !reset {}, depends_on: [db]}
        """
    })  # fmt: skip
    rows = importer.rows("""\
        services:
          db: {image: 'postgres:16', environment: [POSTGRES_USER=a, A=base, B=base]}
          web: {build: ., ports: ['80:80'], environment: {C: base}}
    """)
    assert rows["postgresql"] == {
        "image": "postgres:17",
        "port": 5441,
        "user": "b",
        "database": "b",
        "variables": {"A": "over", "B": "base"},
    }
    assert rows["web"] == {"protocol": "http", "port": 90, "path": "/", "depends-on": ["postgresql"]}


def test_services_extend_others_of_this_file_and_of_another(importer: Importer) -> None:
    importer.write({
        "deploy/base.yml": "services:\n  app: {build: .., environment: {A: base, B: base}, profiles: [x]}\n",
    })  # fmt: skip
    rows = importer.rows(
        """\
        services:
          common: {extends: {file: deploy/base.yml, service: app}, environment: {B: common}}
          web: {extends: common, environment: [B=web], ports: ['81:81'], command: serve}
    """,
        "--profile",
        "x",
    )
    assert rows["web"] == {
        "protocol": "http", "port": 81, "path": "/", "command": ["serve"], "variables": {"A": "base", "B": "web"},
    }  # fmt: skip


def test_included_files_count_from_their_own_folder(importer: Importer) -> None:
    importer.write({
        "infra/compose.yaml": "services: {db: {image: 'postgres:$TAG', env_file: db.env}}\n",
        "infra/.env": "TAG=17\n",
        "infra/db.env": "# a comment\nexport POSTGRES_USER='shop' \nPOSTGRES_PASSWORD=hush\n",
    })  # fmt: skip
    rows = importer.rows("include: [{path: [infra/compose.yaml]}]\nservices: {c: {image: 'redis:6'}}\n")
    assert rows == {
        "postgresql": {"image": "postgres:17", "user": "shop", "database": "shop"},
        "redis": {"image": "redis:6"},
    }


def test_variables_come_from_the_env_file_and_from_defaults_never_from_the_shell(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG", "shell")
    importer.write({".env": 'PORT=5441\nEMPTY=\nDEEP="${PORT}"\nKEY=hush-hush\n'})
    rows = importer.rows("""\
        services:
          db:
            image: postgres:${TAG:-${OTHER:-16}}
            ports: ["${DEEP}:5432"]
            environment:
              POSTGRES_USER: ${EMPTY:-shop}
              POSTGRES_DB: ${PORT:+shop_db}
              POSTGRES_PASSWORD: ${KEY}
              A: $$PORT
    """)
    assert rows["postgresql"] == {
        "image": "postgres:16",
        "port": 5441,
        "user": "shop",
        "database": "shop_db",
        "variables": {"A": "$PORT"},
    }
    notes = importer.notes((importer.top / "compose.yaml").read_text())
    assert notes == [
        "compose.yaml:8: db: POSTGRES_PASSWORD: a password of a file of variables stays there; the table's password is kept"
    ]


LAUGHS = "A0=" + "x" * 9 + "\n" + "".join(f"A{n}={f'$A{n - 1}' * 9}\n" for n in range(1, 60))
MANY = "x-e: &e {" + ", ".join(f"K{n}: v" for n in range(3000)) + "}\nservices:\n"
CHAIN = "services:\n" + "".join(f"  s{n}: {{extends: s{n + 1}, build: .}}\n" for n in range(2000))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"services: " + b"[" * 100_000, "compose.yaml:1 cannot be read: it is nested more than 100 deep"),
        (b"services: {a: {image: x}}\n" + b"#" * 10_000_000, "of at most 1 MiB"),
        (bytes(range(256)) * 10, "in UTF-8"),
        (b"services: {a: {}, a: {}}", "compose.yaml:1 cannot be read: the key 'a' stands twice in one mapping"),
        (b"- services", "compose.yaml:1 cannot be read: it is no mapping with `services`"),
        (b"services: {a: &a {b: *a}}", "*a names nothing that ended before it"),
        (b"services: {a: {image: !!python/object/apply:os.system ['touch x']}}", "image: it is no text"),
        (b"services: {'a]\\n[tool.evil': {image: redis}}", "services: no service can be called so"),
        (b"services: []", "nothing of compose.yaml can be a row"),
        (b"", "nothing of compose.yaml can be a row"),
        (b"services: {a: {image: 'postgres:${A59}', environment: {B: $A59$A59$A59}}}", "decided by a variable"),
        (
            (MANY + "".join(f"  s{n}: {{build: ., environment: *e}}\n" for n in range(500))).encode(),
            "copy is more than 100000 entries",
        ),
        (CHAIN.encode(), "services extend each other without end"),
        (b"include: [compose.yaml]", "it names no file of this project, or itself"),
        (b"include: [/etc/passwd, ../x.yml, 5, {path: [[]]}]", "it names no file of this project"),
    ],
)  # fmt: skip
def test_files_of_strangers_are_data(importer: Importer, content: bytes, told: str) -> None:
    importer.write({"compose.yaml": content, ".env": LAUGHS})
    code, printed, talked = importer.run("--write")
    assert (code, printed) == (2, "")
    assert told in talked
    assert "Traceback" not in talked
    assert sorted(path.name for path in importer.top.iterdir()) == [".env", "compose.yaml", "pyproject.toml"]


def test_no_link_is_followed_and_nothing_outside_of_the_project_is_read(importer: Importer, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "compose.yaml").write_text(DB)
    (importer.top / "compose.yaml").symlink_to(outside / "compose.yaml")
    (importer.top / "linked").symlink_to(outside)
    for name, told in (
        ("compose.yaml", "it is no plain file of this project"),
        ("linked/compose.yaml", "it is no plain file of this project"),
        (str(outside / "compose.yaml"), "is not in the project"),
        ("missing.yaml", "it is no plain file of this project"),
    ):
        code, _, talked = importer.run(name)
        assert (code, told in talked) == (2, True), talked
    (importer.top / "compose.yaml").unlink()
    assert "holds none of compose.yaml" in importer.run()[2]
    os.mkfifo(importer.top / "compose.yaml")
    assert importer.run("compose.yaml")[0] == 2


def test_a_table_that_could_not_be_used_is_not_written(importer: Importer) -> None:
    circle = "services: {a: {build: ., ports: ['80:80'], depends_on: [b]}, b: {build: ., ports: ['81:81'], depends_on: [a]}}\n"
    importer.write({"compose.yaml": circle})
    code, _, told = importer.run("--write")
    assert code == 2
    assert "depend on each other in a circle" in told
    assert "services" not in (importer.top / "pyproject.toml").read_text()
