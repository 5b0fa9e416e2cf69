"""``ci-toolkit quarantine``: whether the file keeps its rules, and what goes in and out of it when somebody asks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ci_toolkit.config.project import nearest
from ci_toolkit.config.quarantine import content_of, load_quarantine, quarantine_limits
from ci_toolkit.config.quarantine_edit import with_entry, without_entry
from ci_toolkit.config.quarantine_file import QuarantineError, read_quarantine
from ci_toolkit.errors import ExitCode
from ci_toolkit.files import replace_file
from ci_toolkit.model.node_id import node_id_of, split_node_id
from ci_toolkit.model.quarantine import QUARANTINE_FILE, Quarantine, QuarantineEntry, is_about
from ci_toolkit.model.record import Record, from_json, restore_surrogates
from ci_toolkit.model.standing import Standing
from ci_toolkit.model.verdict import VERDICT_SCHEMA, Verdict
from ci_toolkit.suite.discover import collect_suite
from ci_toolkit.verdict.quarantine_rules import BrokenRule, broken_rules
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.quarantine import today
from ci_toolkit.workflow.standings import standings_of


class NotCleanError(QuarantineError):
    """A test is to leave the quarantine that has not shown that it is mended."""

    exit_code = ExitCode.FAILED
    slug = "not-clean"


class QuarantineCheck(Record, frozen=True, kw_only=True):
    """What a check of the quarantine found."""

    quarantine: Quarantine
    broken: tuple[BrokenRule, ...] = ()
    unsure: tuple[str, ...] = ()
    """Files of which nobody knows whether they still hold the tests, for they cannot be imported."""


def check_quarantine(root: Path) -> QuarantineCheck:
    """Return what breaks the rules in the quarantine of the project in ``root``.

    The files that it names are imported, to see which of its tests still exist and which are mission-critical. Raises
    QuarantineError, ConfigurationError, DiscoveryError.
    """
    return _check(root, load_quarantine(root))


def add_entry(root: Path, entry: QuarantineEntry) -> int:
    """Write ``entry`` to the file in ``root`` and return its line. Raises QuarantineError where it breaks a rule."""
    path = root / QUARANTINE_FILE
    before = content_of(path) or b""
    known = {broken.what for broken in _check(root, read_quarantine(before)).broken}
    after = with_entry(before.decode(), entry).encode()
    quarantine = read_quarantine(after)  # refuses a second one for the test, and whatever else no file may hold
    wrong = [broken.what for broken in _check(root, quarantine).broken if broken.what not in known]
    if wrong:
        raise QuarantineError("\n  ".join(wrong), advice="Nothing was written.")
    replace_file(path, after)
    return quarantine.entries[-1].line


def release(root: Path, test: str, history: str, *, is_forced: bool) -> Standing | None:
    """Take the entry of ``test`` out of the file in ``root``, and return what ``history`` says of the test.

    Raises QuarantineError where there is no such entry; NotCleanError where the test has not passed often enough since
    it last failed, and nobody forces it.
    """
    path = root / QUARANTINE_FILE
    quarantine = load_quarantine(root)
    entry = next((entry for entry in quarantine.entries if entry.test == test), None)
    if entry is None:
        known = [entry.test for entry in quarantine.entries]
        advice = nearest(test, known, "tests") if known else "Nothing is in quarantine."
        raise QuarantineError(f"{test} is not in {QUARANTINE_FILE}", advice=advice)
    standing = standings_of(history, [entry]).get(test)
    if not (is_forced or (standing is not None and standing.is_clean)):
        passes = "nothing is recorded of it" if standing is None else f"it has {standing.shown} clean passes"
        raise NotCleanError(
            f"{test} stays in quarantine: {passes}, each in another order since it last failed",
            advice="Let more runs pass, or give --force if it is known to be mended.",
        )
    data = without_entry((content_of(path) or b"").decode(), entry).encode()
    assert len(read_quarantine(data).entries) == len(quarantine.entries) - 1
    replace_file(path, data)
    return standing


def signatures_of_last_run(out: Path, test: str) -> tuple[str, ...]:
    """Return the signatures with which ``test`` failed in the last run, whose reports are in ``out``."""
    path = out / "verdict.json"
    try:
        verdict = from_json(path.read_bytes(), Verdict, schema=VERDICT_SCHEMA, origin=str(path))
    except OSError as error:
        raise QuarantineError(
            f"{path} cannot be read, so the signatures of the failures of {test} are unknown",
            advice="Give --signature, which the verdict of a run shows, or run the test.",
        ) from error
    failures = [failure for failure in (*verdict.failures, *verdict.flaky) if is_about(test, failure.node_id)]
    seen = (digest for f in failures for digest in (f.signature, *(go.signature for go in f.earlier)) if digest)
    found = tuple(dict.fromkeys(seen))
    if not found:
        raise QuarantineError(
            f"{test} did not fail in the last run, so there is no failure that its entry could excuse",
            advice="Give --signature, which the verdict of a run shows.",
        )
    return found


def _check(root: Path, quarantine: Quarantine) -> QuarantineCheck:
    tests = tests_there(root, [entry.test for entry in quarantine.entries])
    broken = broken_rules(
        quarantine,
        quarantine_limits(root),
        today(),
        critical=tests.critical,
        gone=set(tests.gone(quarantine.entries)),
    )
    return QuarantineCheck(quarantine=quarantine, broken=tuple(broken), unsure=tests.unsure)


class TestsThere(Record, frozen=True, kw_only=True):
    """What is known of the tests in some files."""

    there: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    unsure: tuple[str, ...] = ()

    def gone(self, entries: Sequence[QuarantineEntry]) -> Iterator[str]:
        """Yield the tests of ``entries`` that no longer exist."""
        for entry in entries:
            path, _ = split_node_id(entry.test)
            if path not in self.unsure and not any(entry.covers(node_id) for node_id in self.there):
                yield entry.test


def tests_there(root: Path, tests: Sequence[str]) -> TestsThere:
    """Return what the project in ``root`` has of the files of ``tests``, which are imported. Raises DiscoveryError."""
    named = sorted({split_node_id(test)[0] for test in tests})
    paths = [path for path in named if (root / restore_surrogates(path)).is_file()]
    if not paths:
        return TestsThere()
    files = collect_suite(root, paths, categories=select_categories(root).categories).files
    holding = {file.path for file in files if file.anchors}
    return TestsThere(
        there=frozenset(node_id_of(file.path, suffix) for file in files for suffix in file.anchors),
        critical=frozenset(node_id_of(file.path, suffix) for file in files for suffix in file.critical),
        unsure=tuple(path for path in paths if path not in holding),
    )
