"""What a bundle teaches the outcome history: how each test ended, and each failure with its signature."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ci_toolkit.masking import without_secrets
from ci_toolkit.merge.learned import PASSED, ended_of, environment_of, short_digest
from ci_toolkit.model.bundle import ShardCard
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.history import FileRun
from ci_toolkit.model.merged import TrialEvidence
from ci_toolkit.model.node_id import function_of, split_node_id, suffix_below
from ci_toolkit.model.outcomes import MOST_TEXT, FileOutcomes, Go, GoKind, TryOutcomes
from ci_toolkit.model.record import encode
from ci_toolkit.model.result import PhaseFailure, TestResult
from ci_toolkit.model.signature import joined, signature_of
from ci_toolkit.model.trial import Tree, Where
from ci_toolkit.plan.sanitize import is_valid

MOST_GOES = 2_000
"""Goes of one try that are kept one by one; of more failures, only the letters are."""
_DIGITS = 16


def outcomes_learned(
    fold: JournalFold,
    card: ShardCard,
    runs: Iterable[FileRun],
    broken: Iterable[TestResult],
    trials: Iterable[TrialEvidence] = (),
) -> TryOutcomes:
    """Return how the tests of a bundle ended.

    ``runs`` are what it teaches of each file, ``broken`` the files and classes that could not be collected,
    ``trials`` what trials of its failures showed.
    """
    failed = [result for result in broken if result.failures]
    goes = (*_goes(fold), *(_of_file(result) for result in failed), *goes_of_trials(trials))
    return TryOutcomes(
        key=short_digest(f"{card.run_id}/{card.index}/{card.run_attempt}/{card.began_at!r}/{fold.started_at!r}"),
        run=card.run_id,
        run_attempt=card.run_attempt,
        at=fold.started_at,
        environment=environment_of(card, fold),
        commit=card.commit,
        lineage=card.lineage,
        shard=card.index,
        order=order_digest(fold),
        files=tuple(
            FileOutcomes(path=run.path, suffixes=run.suffixes, letters=run.outcomes) for run in runs if run.tests
        ),
        goes=numbered(goes)[:MOST_GOES],
    )


def numbered(goes: Iterable[Go]) -> tuple[Go, ...]:
    """Return ``goes`` with those of each test, and of its namesakes, counted from 0."""
    counts: Counter[tuple[str, str]] = Counter()
    counted = []
    for go in goes:
        name = (go.path, go.suffix)
        counted.append(msgspec.structs.replace(go, number=counts[name]))
        counts[name] += 1
    return tuple(counted)


def outcomes_by_function(file: FileOutcomes) -> FileOutcomes:
    """Return ``file`` with the tests of each function put together to one, which passed where each of them did."""
    suffixes = msgspec.json.decode(file.suffixes, type=list[str])
    together: dict[str, str] = {}
    for suffix, letter in zip(suffixes, file.letters or PASSED * len(suffixes), strict=True):
        if together.get(function_of(suffix), PASSED) == PASSED:
            together[function_of(suffix)] = letter
    return FileOutcomes(path=file.path, suffixes=encode(tuple(together)), letters="".join(together.values()))


def order_digest(fold: JournalFold) -> str:
    """Return what names the order in which the tests began, process by process; ``""`` if none did."""
    digest = hashlib.sha256()
    for sequence in fold.sequences:
        names = "\n".join([f"{test.path}\0{test.suffix}" for test in sequence])
        digest.update(f"{names}\n\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:_DIGITS] if any(fold.sequences) else ""


def _goes(fold: JournalFold) -> Iterator[Go]:
    for test in fold.tests():
        if not test.is_plain and (test.was_rerun or test.has_failed):
            yield from goes_of(test)


def goes_of_trials(trials: Iterable[TrialEvidence]) -> Iterator[Go]:
    """Yield a go for each trial that showed how its test ended."""
    for made in trials:
        if made.outcome is None or not made.outcome.is_there:
            continue
        path, suffix = split_node_id(made.trial.test)
        yield Go(
            path=path,
            suffix=suffix,
            kind=GoKind(made.trial.how),
            on_base=made.trial.tree is Tree.BASE,
            elsewhere=made.trial.where is Where.OTHER,
            ended=Ended.FAILED if made.outcome.failed else Ended.PASSED,
            signature=made.outcome.signature,
            seconds=round(made.seconds, 6) if is_valid(made.seconds) else 0.0,
        )


def goes_of(test: FoldedTest) -> Iterator[Go]:
    """Yield each go of a test that failed or was rerun: those before the reruns, and the last one."""
    node_id, kind = test.node_id, GoKind.FIRST
    for failure, seconds in test.failed_goes():
        yield _failed(_go(test, kind, Ended.FAILED, seconds), node_id, [failure])
        kind = GoKind.AGAIN
    if test.has_outcome:
        go = _go(test, kind, ended_of(test.outcome), test.seconds)
        failures = test.failures()
        yield _failed(go, node_id, failures) if failures else go


def _go(test: FoldedTest, kind: GoKind, ended: Ended, seconds: float) -> Go:
    took = round(seconds, 6) if is_valid(seconds) else 0.0
    return Go(path=test.path, suffix=test.suffix, kind=kind, ended=ended, seconds=took)


def _of_file(result: TestResult) -> Go:
    go = Go(path=result.path, suffix=suffix_below(result.path, result.node_id), ended=ended_of(result.outcome))
    return _failed(go, result.node_id, result.failures)


def _failed(go: Go, node_id: str, failures: Sequence[PhaseFailure]) -> Go:
    signatures = [signature_of(failure.failure, node_id) for failure in failures]
    first = signatures[0]
    said = f"{first.exception}: {first.text}" if first.exception else first.text
    return msgspec.structs.replace(
        go,
        signature=joined([found.digest for found in signatures]),
        cause=first.cause,
        text=without_secrets(said.partition("\n")[0])[:MOST_TEXT],
    )
