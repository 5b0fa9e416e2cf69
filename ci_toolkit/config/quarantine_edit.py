"""Adds entries to the text of ``quarantine.toml`` and removes them; every other line stays as it is."""

import json

from ci_toolkit.config.toml_lines import statements_of
from ci_toolkit.model.quarantine import QuarantineEntry

_DEL = "\x7f"


def entry_text(entry: QuarantineEntry) -> str:
    """Return ``entry`` as it stands in the file, its last newline included."""
    signatures = ", ".join(map(_quoted, entry.signatures))
    return (
        "[[quarantine]]\n"
        f"test = {_quoted(entry.test)}\n"
        f"reason = {_quoted(entry.reason)}\n"
        f"owner = {_quoted(entry.owner)}\n"
        f"issue = {_quoted(entry.issue)}\n"
        f"since = {entry.since}\n"
        f"expires = {entry.expires}\n"
        f"signatures = [{signatures}]\n"
    )


def with_entry(text: str, entry: QuarantineEntry) -> str:
    """Return ``text`` with ``entry`` after all others."""
    before = text if not text or text.endswith("\n") else f"{text}\n"
    return f"{before}\n{entry_text(entry)}" if before.strip() else entry_text(entry)


def without_entry(text: str, entry: QuarantineEntry) -> str:
    """Return ``text``, which holds ``entry`` where it says, without it. What is commented above it stays."""
    last = entry.line
    for statement in statements_of(text):
        if statement.first <= entry.line:
            continue
        if statement.is_header:
            break
        last = statement.last
    lines = text.split("\n")
    above, below = lines[: entry.line - 1], lines[last:]
    while below and not below[0].strip() and (not above or not above[-1].strip()):
        del below[0]
    return "\n".join((*above, *below))


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but for one character; a lone surrogate has no form in either.
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace(_DEL, "\\u007f")
