"""Writes the schemas anew after a record changed: ``python -m ci_toolkit.schemas``."""

from pathlib import Path

from ci_toolkit.schemas import SCHEMAS, generate

for name in SCHEMAS:
    Path(__file__).with_name(f"{name}.schema.json").write_text(generate(name), encoding="utf-8")
