"""Repositories of three shapes, as strangers have them before `ci-toolkit init`."""

from dataclasses import dataclass

LIBRARY = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sums"
version = "1"
requires-python = ">=3.11"
classifiers = ["Programming Language :: Python :: 3.11", "Programming Language :: Python :: 3.12"]

[dependency-groups]
test = ["pytest"]

[tool.coverage.report]
fail_under = 90
""",
    "src/sums/__init__.py": "def add(a, b):\n    return a + b\n",
    "tests/test_add.py": "from sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
    "tests/functional/test_many.py": "from sums import add\n\n\ndef test_many():\n    assert add(add(1, 2), 3) == 6\n",
}
DJANGO = {
    "requirements.txt": "django>=5\npsycopg[binary]\n",
    "requirements-dev.txt": "-r requirements.txt\npytest-django\n",
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = shop.settings\n",
    "manage.py": """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
execute_from_command_line(sys.argv)
""",
    "shop/__init__.py": "",
    "shop/settings.py": """\
import os

SECRET_KEY = "of tests"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("POSTGRES_HOST", "db"),
        "PORT": os.environ.get("POSTGRES_PORT", "5432"),
        "NAME": "shop",
        "USER": "shop",
        "PASSWORD": "shop-of-tests",
    }
}
""",
    "shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    total = models.IntegerField()\n",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """\
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Order", [("id", models.BigAutoField(primary_key=True)), ("total", models.IntegerField())])
    ]
""",
    "shop/tests/test_orders.py": """\
import pytest

from shop.models import Order


@pytest.mark.django_db
def test_an_order_is_stored():
    Order.objects.create(total=3)
    assert Order.objects.get().total == 3
""",
    "shop/tests/test_totals.py": "def test_a_total():\n    assert sum([1, 2]) == 3\n",
    "docker-compose.yml": """\
services:
  db:
    image: postgres:15
    ports: ["FREE_PORT:5432"]
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: shop-of-tests
  web:
    build: .
    depends_on: [db]
""",
}
FASTAPI = {
    "frontend/package.json": '{"name": "frontend"}\n',
    "compose.yaml": """\
services:
  postgres:
    image: ${POSTGRES_IMAGE:-postgres:15}
    ports:
      - target: 5432
        published: "FREE_PORT"
    environment: [POSTGRES_USER=app, POSTGRES_PASSWORD=app-of-tests, POSTGRES_DB=app]
  api:
    build: {context: backend}
    depends_on: {postgres: {condition: service_healthy}}
  web:
    build: ./frontend
""",
    "backend/pyproject.toml": """\
[project]
name = "backend"
version = "1"
requires-python = ">=3.11"
dependencies = ["fastapi", "psycopg[binary]"]

[project.optional-dependencies]
dev = ["httpx", "pytest"]

[tool.pytest.ini_options]
pythonpath = ["."]
""",
    "backend/app/main.py": """\
import os

import psycopg
from fastapi import FastAPI

app = FastAPI()


@app.get("/three")
def three() -> int:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return connection.execute("SELECT 1 + 2").fetchone()[0]
""",
    "backend/tests/integration/test_api.py": """\
from fastapi.testclient import TestClient

from app.main import app


def test_three():
    assert TestClient(app).get("/three").json() == 3
""",
    "backend/tests/unit/test_app.py": "def test_nothing():\n    assert 1 + 2 == 3\n",
}


@dataclass(frozen=True)
class Shape:
    """A repository, the test file that a stranger breaks, and what `init` is to say."""

    files: dict[str, str]
    breaks: str
    said: tuple[str, ...]

    def on_port(self, port: int) -> dict[str, str]:
        """Return the files, with ``port`` where a server's is written."""
        return {name: text.replace("FREE_PORT", str(port)) for name, text in self.files.items()}


SHAPES = {
    "library with uv": Shape(LIBRARY, "tests/test_add.py", ("uv (uv.lock), Python 3.12, coverage of 90%",)),
    "django with postgresql": Shape(
        DJANGO,
        "shop/tests/test_orders.py",
        ("pip (requirements.txt, requirements-dev.txt)", "postgres:15 in docker-compose.yml"),
    ),
    "fastapi in a monorepo": Shape(
        FASTAPI, "backend/tests/integration/test_api.py", ("backend: 2 test files", "postgres:15 in compose.yaml")
    ),
}
