"""Renders the templates of this room, and writes values so that they stay data."""

import json
import re
from typing import Any

import jinja2

from ci_toolkit.adoption.errors import AdoptionError

_NOT_DATA = re.compile(r"\$\{\{|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What GitHub would compute, and what a line of YAML cannot hold."""


def render(template: str, **values: Any) -> str:
    """Return the text of ``template``, a file of this room."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ci_toolkit.adoption"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (YAML and Python, made of values that were checked and quoted)
    )
    return environment.get_template(template).render(**values)


def quoted(text: str) -> str:
    """Return ``text`` as a string of YAML, TOML and Python. Raises AdoptionError for what would not stay one."""
    return json.dumps(harmless(text), ensure_ascii=False)


def harmless(text: str) -> str:
    """Return ``text``. Raises AdoptionError unless it `stays_data`."""
    if not stays_data(text):
        raise AdoptionError(
            f"{text!r} cannot stand in a workflow: it holds a control character or an expression of GitHub's",
            advice="Change the name or the requirement that holds it, or name other folders: `ci-toolkit init FOLDER`.",
        )
    return text


def stays_data(text: str) -> bool:
    """Whether GitHub would compute nothing in ``text``, and no line of YAML is broken by it."""
    return _NOT_DATA.search(text) is None
