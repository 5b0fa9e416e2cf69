"""Reads the journals of one bundle, whatever state they are in, into records with their places."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.merge.bundles import Bundle, read_regular
from ci_toolkit.model.bundle import JOURNAL_FOLDER
from ci_toolkit.model.journal import JOURNAL_SCHEMA, JournalRecord, Opened, decoder
from ci_toolkit.model.problem import Problem, ProblemKind

LARGEST_JOURNAL = 4 * 1024**3
_END_OF_TIME = 1e11
"""In epoch seconds: the year 5138."""
CHUNK_BYTES = 1024 * 1024
_NAME = re.compile(r"(?P<attempt>[1-9][0-9]{0,5})-(?P<worker>main|supervisor|gw[0-9]{1,5})\.jsonl")


class JournalFile:
    """One process's journal. Iterating yields its sound records; ``problems`` then tells what was not sound."""

    def __init__(self, path: Path, attempt: int, worker: str) -> None:
        self.path = path
        self.attempt = attempt
        self.worker = worker
        self.problems: list[str] = []

    @property
    def place(self) -> str:
        """``shard-1/journal/1-main.jsonl``."""
        return "/".join(self.path.parts[-3:])

    def __iter__(self) -> Iterator[JournalRecord]:
        try:
            data = read_regular(self.path, LARGEST_JOURNAL)
        except (OSError, FormatError) as error:
            self.problems.append(f"{self.place} cannot be read: {error}")
            return
        start, line = 0, 1
        while start < len(data):
            end = data.rfind(b"\n", start, start + CHUNK_BYTES) + 1 or data.find(b"\n", start) + 1 or len(data)
            chunk = data[start:end]
            yield from self._records(chunk, line)
            line += chunk.count(b"\n")
            start = end

    def _records(self, chunk: bytes, first_line: int) -> Iterator[JournalRecord]:
        try:
            yield from decoder.decode_lines(chunk)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield from self._records_one_by_one(chunk, first_line)

    def _records_one_by_one(self, chunk: bytes, first_line: int) -> Iterator[JournalRecord]:
        for number, line in enumerate(chunk.splitlines(keepends=True), start=first_line):
            if not line.endswith(b"\n"):
                return  # torn by the death of its process; what it was about is unfinished, and reported so
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.problems.append(f"{self.place} line {number} is garbled: {error}")


def journals_of(bundle: Bundle, problems: list[Problem]) -> list[JournalFile]:
    """Return the journals of ``bundle`` by attempt; files that are no journal of it are told as problems."""
    folder = Path(bundle.folder) / JOURNAL_FOLDER
    card = bundle.card
    files = []
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
        match = _NAME.fullmatch(path.name)
        if match is None:
            message = f"shard-{card.index}/{JOURNAL_FOLDER} holds {path.name!r}, which is no journal"
            problems.append(Problem(kind=ProblemKind.JOURNAL_UNKNOWN, message=message, shard=card.index))
            continue
        files.append(JournalFile(path, int(match["attempt"]), match["worker"]))
    have = {file.attempt for file in files if file.worker == "main"}
    for attempt in range(1, card.attempts + 1):
        if attempt not in have:
            message = f"shard-{card.index}/{JOURNAL_FOLDER}/{attempt}-main.jsonl is missing"
            problems.append(Problem(kind=ProblemKind.JOURNAL_MISSING, message=message, shard=card.index))
    return sorted(files, key=lambda file: (file.attempt, file.worker))


def opening_problem(record: JournalRecord, file: JournalFile, bundle: Bundle) -> Problem | None:
    """Return why a journal that begins with ``record`` is not of this bundle, or None."""
    if file.worker == "supervisor":
        return None
    wrong = _wrong_opening(record, file)
    if wrong:
        return Problem(kind=ProblemKind.JOURNAL_DAMAGED, message=wrong, shard=bundle.card.index)
    if isinstance(record, Opened) and (record.plan_id, record.shard) != (bundle.card.plan_id, bundle.card.index):
        message = f"{file.place} is of shard {record.shard} of plan {record.plan_id[:12]}"
        return Problem(kind=ProblemKind.JOURNAL_OF_ANOTHER_PLAN, message=message, shard=bundle.card.index)
    return None


def _wrong_opening(record: JournalRecord, file: JournalFile) -> str:
    if not isinstance(record, Opened):
        return f"{file.place} does not begin as a journal does"
    if record.schema != JOURNAL_SCHEMA:
        return f"{file.place} has format version {record.schema}; this ci-toolkit reads version {JOURNAL_SCHEMA}"
    if not 0.0 <= record.at < _END_OF_TIME:
        return f"{file.place} says that it began at {record.at!r}, which is no time"
    return ""
