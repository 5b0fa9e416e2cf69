"""Reads the journals of one bundle, whatever state they are in, into records with their places.

A journal is a stranger's file until the seal in its bundle's card says otherwise. It is read in pieces, so its size
costs no memory; a line that makes no sense costs that line alone; and what the seal does not vouch for is a problem.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.model.bundle import JOURNAL_FOLDER, JournalSeal, ShardState
from ci_toolkit.model.journal import JOURNAL_SCHEMA, JournalRecord, Opened, decoder
from ci_toolkit.model.problem import Problem, ProblemKind

CHUNK_BYTES = 256 * 1024
"""Its records fit the cache of a processor; with a mebibyte a merge takes an eighth longer."""
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. The recorder cuts texts far below this."""
MOST_FILES = 10_000
"""Files among the journals that are looked at; a shard leaves a few for each of its processes."""
MOST_TOLD = 20
"""Damaged lines of one journal that are told one by one."""
SUPERVISOR = "supervisor"
"""The writer of a journal in which the deaths of the others stand."""
_NAME = re.compile(r"(?P<attempt>[1-9][0-9]{0,5})-(?P<worker>main|supervisor|gw[0-9]{1,5})\.jsonl")


class JournalFile:
    """One process's journal. Iterating yields its sound records; ``problems`` then tells what was not sound."""

    def __init__(self, path: Path, attempt: int, worker: str, seal: JournalSeal | None) -> None:
        self.path = path
        self.attempt = attempt
        self.worker = worker
        self.problems: list[str] = []
        self._seal = seal
        self._damaged_lines = 0

    @property
    def place(self) -> str:
        """``shard-1/journal/1-main.jsonl``."""
        return "/".join(self.path.parts[-3:])

    @property
    def was_left_empty(self) -> bool:
        """Whether its shard itself says that nothing was written: its process was ended before it could."""
        return self._seal is not None and self._seal.size == 0

    def __iter__(self) -> Iterator[JournalRecord]:
        return chain.from_iterable(self._pieces())

    def _pieces(self) -> Iterator[Iterable[JournalRecord]]:
        try:
            with open_regular(self.path) as file:
                yield from self._lines(_Sealed(file.fileno(), self._seal))
        except (OSError, FormatError) as error:
            self.problems.append(f"{self.place} cannot be read: {error}")

    def _lines(self, source: "_Sealed") -> Iterator[Iterable[JournalRecord]]:
        line = 1
        rest: list[bytes] = []
        while chunk := source.read():
            head, newline, tail = chunk.rpartition(b"\n")
            if not newline:
                rest.append(chunk)
                if sum(map(len, rest)) > LONGEST_LINE:
                    self.problems.append(f"{self.place} line {line} is longer than {LONGEST_LINE} bytes")
                    return
                continue
            whole = b"".join((*rest, head, newline))
            yield self._records(whole, line)
            line += whole.count(b"\n")
            rest = [tail]
        # What follows the last newline was torn by the death of its process; its test is unfinished, and told so.
        if self._damaged_lines > MOST_TOLD:
            self.problems.append(f"{self.place} has {self._damaged_lines - MOST_TOLD} garbled lines more")
        wrong = source.what_is_wrong()
        if wrong:
            self.problems.append(f"{self.place} is not the journal that its shard wrote: {wrong}")

    def _records(self, whole: bytes, first_line: int) -> Iterable[JournalRecord]:
        try:
            return decoder.decode_lines(whole)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._records_one_by_one(whole, first_line)

    def _records_one_by_one(self, whole: bytes, first_line: int) -> Iterator[JournalRecord]:
        for number, line in enumerate(whole.removesuffix(b"\n").split(b"\n"), start=first_line):
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._damaged_lines += 1
                if self._damaged_lines <= MOST_TOLD:
                    self.problems.append(f"{self.place} line {number} is garbled: {error}")


class _Sealed:
    """Reads a journal piece by piece and compares it with its seal on the way."""

    def __init__(self, descriptor: int, seal: JournalSeal | None) -> None:
        self._descriptor = descriptor
        self._seal = seal
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._has_lines_added = False
        """Whether a whole line follows the sealed part; a torn record may."""

    def read(self) -> bytes:
        chunk = os.read(self._descriptor, CHUNK_BYTES)
        if self._seal is not None:
            sealed = chunk[: max(0, self._seal.size - self._size)]
            self._sha256.update(sealed)
            self._has_lines_added |= b"\n" in chunk[len(sealed) :]
            self._size += len(sealed)
        return chunk

    def what_is_wrong(self) -> str:
        """Return how what was read differs from what was sealed, or ``""``."""
        if self._seal is None:
            return ""
        if self._size < self._seal.size:
            return f"it is cut short, {self._size} of {self._seal.size} bytes are left"
        if self._has_lines_added:
            return "lines were added to it"
        return "" if self._sha256.hexdigest() == self._seal.sha256 else "its digest differs"


def journals_of(bundle: Bundle, problems: list[Problem]) -> list[JournalFile]:
    """Return the journals of ``bundle`` by attempt.

    Files that are no journal of it are told as problems and not read; so are sealed journals that are not there.
    A bundle whose shard was killed has no seals: what its journals say counts, and its state says that more is lost.
    """
    card, folder = bundle.card, Path(bundle.folder) / JOURNAL_FOLDER
    place = f"shard-{card.index}/{JOURNAL_FOLDER}"
    seals = {seal.name: seal for seal in card.journals}
    is_sealed = card.state is not ShardState.RUNNING
    files = []
    for name in _names(folder):
        match = _NAME.fullmatch(name)
        if match is None or (is_sealed and name not in seals):
            what = "which is no journal" if match is None else "which the shard did not write"
            message = f"{place} holds {name!r}, {what}"
            problems.append(Problem(kind=ProblemKind.JOURNAL_UNKNOWN, message=message, shard=card.index))
            continue
        files.append(JournalFile(folder / name, int(match["attempt"]), match["worker"], seals.get(name)))
    for name in sorted(seals.keys() - {file.path.name for file in files}):
        message = f"{place}/{name} is missing"
        problems.append(Problem(kind=ProblemKind.JOURNAL_MISSING, message=message, shard=card.index))
    return sorted(files, key=lambda file: (file.attempt, file.worker))


def _names(folder: Path) -> list[str]:
    if not folder.is_dir() or folder.is_symlink():
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in islice(entries, MOST_FILES))


def sealed_journal(folder: Path, seal: JournalSeal) -> JournalFile | None:
    """Return the journal in ``folder`` that ``seal`` names, or None where that is no name of a journal."""
    match = _NAME.fullmatch(seal.name)
    return None if match is None else JournalFile(folder / seal.name, int(match["attempt"]), match["worker"], seal)


def opening_problem(record: JournalRecord, file: JournalFile, bundle: Bundle) -> Problem | None:
    """Return why a journal that begins with ``record`` is not of this bundle, or None.

    A first line that is damaged says nothing of whose journal it is; then the rest still counts.
    """
    if file.worker == SUPERVISOR or not isinstance(record, Opened):
        return None
    card = bundle.card
    if record.schema != JOURNAL_SCHEMA:
        message = f"{file.place} has format version {record.schema}; this ci-toolkit reads version {JOURNAL_SCHEMA}"
        return Problem(kind=ProblemKind.JOURNAL_DAMAGED, message=message, shard=card.index)
    if (record.plan_id, record.shard, record.attempt) != (card.plan_id, card.index, file.attempt):
        whose = f"attempt {record.attempt} of shard {record.shard} of plan {record.plan_id[:12]}"
        message = f"{file.place} is of {whose}"
        return Problem(kind=ProblemKind.JOURNAL_OF_ANOTHER_PLAN, message=message, shard=card.index)
    return None
