"""JSON Schemas of the files that other tools read: ``plan.json`` and ``verdict.json``.

The schemas are shipped as files beside this module, so that a tool in any language can take them from the wheel.
"""

from importlib.resources import files
from inspect import cleandoc

import msgspec

from ci_toolkit.model.plan import PLAN_SCHEMA, Plan
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import VERDICT_SCHEMA, Verdict

SCHEMAS: dict[str, tuple[type[Record], int]] = {"plan": (Plan, PLAN_SCHEMA), "verdict": (Verdict, VERDICT_SCHEMA)}
"""Name to the record that it describes, and the version of its format."""


def generate(name: str) -> str:
    """Return the text of the schema called ``name``, from the record itself."""
    kind, version = SCHEMAS[name]
    schema = msgspec.json.schema(kind)
    schema["$defs"][kind.__name__]["properties"]["schema"] = {"const": version}
    for definition in schema["$defs"].values():
        if "description" in definition:  # Python 3.13 takes the indentation out of docstrings, 3.11 does not
            definition["description"] = cleandoc(definition["description"])
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ci-toolkit {name}.json, format version {version}",
        **schema,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def shipped(name: str) -> str:
    """Return the text of the schema called ``name`` as the package ships it."""
    return files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
