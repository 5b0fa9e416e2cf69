"""Counts results as they pass by, and keeps what a verdict lists: failures, flaky and slow tests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_toolkit.model import llm_properties
from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.merged import CriticalTest
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult, captured_output
from ci_toolkit.model.signature import joined, signature_of
from ci_toolkit.model.verdict import Counts, FailedGo, SlowTest, TestFailure

SLOWEST = 100
MOST_NAMED = 100
"""Reasons, and tests of each, that are named."""
_NOT_RUN = {Outcome.SKIPPED, Outcome.XFAILED}
_WITH_REASONS = (Outcome.SKIPPED, Outcome.XFAILED, Outcome.XPASSED)
LONGEST_DETAIL = 16_000
"""Characters of a traceback in the verdict; all of it stands in JUnit."""


def add_counts(parts: Iterable[Counts]) -> Counts:
    """Return the sum of ``parts``."""
    parts = list(parts)
    return Counts(**{name: sum([getattr(part, name) for part in parts]) for name in Counts.__struct_fields__})


def by_reason(parts: Iterable[ReasonedTests]) -> tuple[ReasonedTests, ...]:
    """Return ``parts`` with one for each reason, the most frequent first."""
    names: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for part in parts:
        names.setdefault(part.reason, []).extend(part.node_ids)
        counts[part.reason] += part.count
    frequent = sorted(counts, key=lambda reason: (-counts[reason], reason))[:MOST_NAMED]
    return tuple(
        ReasonedTests(reason=reason, count=counts[reason], node_ids=tuple(sorted(names[reason])[:MOST_NAMED]))
        for reason in frequent
    )


def add_llm_use(parts: Iterable[LlmUse | None]) -> LlmUse | None:
    """Return the sum of ``parts``, or None where nobody used a language model."""
    used = [part for part in parts if part is not None]
    if not used:
        return None
    costs = [part.cost for part in used if part.cost is not None]
    return LlmUse(
        models=tuple(sorted({name for part in used for name in part.models})),
        calls=sum(part.calls for part in used),
        prompt_tokens=sum(part.prompt_tokens for part in used),
        completion_tokens=sum(part.completion_tokens for part in used),
        cost=round(sum(costs), 6) if costs else None,
    )


def _llm_use(properties: Iterable[tuple[str, str]]) -> LlmUse | None:
    said = dict(properties)
    if llm_properties.CALLS not in said:
        return None
    try:
        return LlmUse(
            models=tuple(filter(None, [said.get(llm_properties.MODEL)])),
            calls=int(said[llm_properties.CALLS]),
            prompt_tokens=int(said.get(llm_properties.INPUT_TOKENS, 0)),
            completion_tokens=int(said.get(llm_properties.OUTPUT_TOKENS, 0)),
            cost=float(said[llm_properties.COST]) if llm_properties.COST in said else None,
        )
    except ValueError:  # somebody's own property of that name
        return None


def _signature(result: TestResult) -> str:
    last = result.failures or result.reruns[-1:]
    return joined([signature_of(phase.failure, result.node_id).digest for phase in last])


def _failed_go(go: PhaseFailure, node_id: str) -> FailedGo:
    return FailedGo(message=go.failure.message, signature=signature_of(go.failure, node_id).digest)


class Tally:
    """What the results of one shard amount to."""

    def __init__(
        self, shard: int, *, are_files: bool = False, attachments: Mapping[str, Sequence[Attachment]] | None = None
    ) -> None:
        """``are_files`` says that the results are of what could not be collected; ``attachments`` go by node id."""
        self._shard = shard
        self._are_files = are_files
        self._attachments = attachments or {}
        self._outcomes: Counter[Outcome] = Counter()
        self.seconds = 0.0
        """Of all tests together."""
        self.failures: list[TestFailure] = []
        self.flaky: list[TestFailure] = []
        self.critical: list[CriticalTest] = []
        """Mission-critical tests that were skipped or expected to fail."""
        self.llm: list[LlmUse | None] = []
        self._reasoned: dict[Outcome, dict[str, list[str]]] = {outcome: {} for outcome in _WITH_REASONS}
        """Outcome to reason to tests."""
        self._plain = 0
        """How many passed at the first try."""
        self._slow: list[tuple[float, str]] = []
        """(less than nothing by its seconds, node id) of tests that may be among the slowest."""
        self._least = (-1.0, "")

    def watch(self, results: Iterable[TestResult]) -> Iterator[TestResult]:
        """Yield ``results`` unchanged and count them."""
        least, its_name = -1.0, ""
        for result in results:
            seconds = result.seconds
            self.seconds += seconds
            if seconds > least or (seconds == least and result.node_id < its_name):
                least, its_name = self._keep_slow(seconds, result.node_id)
            if result.is_plain:
                self._plain += 1
            else:
                self._keep(result)
            yield result

    def _keep_slow(self, seconds: float, node_id: str) -> tuple[float, str]:
        """Keep a test of those that are slow so far; return the seconds and the name that a slower one has to beat."""
        slow = self._slow
        slow.append((-seconds, node_id))
        if len(slow) < 2 * SLOWEST:
            return self._least
        slow.sort()
        del slow[SLOWEST:]
        self._least = -slow[-1][0], slow[-1][1]
        return self._least

    def _keep(self, result: TestResult) -> None:
        self._outcomes[result.outcome] += 1
        if result.outcome.is_failure:
            self.failures.append(self._failure(result))
        elif result.is_flaky:
            self.flaky.append(self._failure(result))
        elif result.outcome in self._reasoned:
            self._reasoned[result.outcome].setdefault(result.reason, []).append(result.node_id)
        for unrun in result.unrun_subtests:  # what else the test holds may pass: the skip is told all the same
            name = f"{result.node_id} {unrun.subtest}"
            self._reasoned[unrun.outcome].setdefault(unrun.reason, []).append(name)
        if result.is_critical and result.outcome in _NOT_RUN:
            how = str(result.outcome)
            self.critical.append(CriticalTest(node_id=result.node_id, how=how, reason=result.reason))
        if result.properties:
            self.llm.append(_llm_use(result.properties))

    def _failure(self, result: TestResult) -> TestFailure:
        phases = result.failures or result.reruns
        failure = phases[0].failure
        details = "\n\n".join(p.failure.detail for p in phases if p.failure.detail)
        has_place = bool(failure.path) and not failure.path.startswith("/") and failure.line > 0
        messages = [f"{p.subtest}: {p.failure.message}" if p.subtest else p.failure.message for p in phases]
        return TestFailure(
            node_id=result.node_id,
            file=failure.path if has_place else result.path,
            line=failure.line if has_place else result.line,
            message="; ".join(messages),
            shard=self._shard,
            outcome=str(result.outcome),
            detail=details[-LONGEST_DETAIL:],
            output=captured_output(phases)[-LONGEST_DETAIL:],
            signature=_signature(result),
            earlier=tuple(_failed_go(go, result.node_id) for go in result.reruns),
            is_critical=result.is_critical,
            cause="" if self._are_files else signature_of(failure, result.node_id).cause,
            seconds=round(result.seconds, 6),
            attachments=tuple(self._attachments.get(result.node_id, ())),
        )

    def reasoned(self, outcome: Outcome) -> tuple[ReasonedTests, ...]:
        """Return what was skipped, xfailed or xpassed, by its reasons."""
        found = self._reasoned[outcome].items()
        return by_reason(ReasonedTests(reason=why, count=len(ids), node_ids=tuple(ids)) for why, ids in found)

    def slowest(self) -> Iterator[SlowTest]:
        """Yield the slowest, slowest first."""
        for less, node_id in sorted(self._slow)[:SLOWEST]:
            yield SlowTest(node_id=node_id, seconds=round(-less, 6))

    def counts(self, *, lost: int = 0, left_out: int = 0) -> Counts:
        """Return how many ended how, with ``lost`` and ``left_out`` more that have no outcome."""
        outcomes = self._outcomes + Counter({Outcome.PASSED: self._plain})
        return Counts(
            total=sum(outcomes.values()) + lost + left_out,
            passed=outcomes[Outcome.PASSED],
            failed=outcomes[Outcome.FAILED],
            errors=outcomes[Outcome.ERROR],
            skipped=outcomes[Outcome.SKIPPED],
            xfailed=outcomes[Outcome.XFAILED],
            xpassed=outcomes[Outcome.XPASSED],
            flaky=len(self.flaky),
            lost=lost,
            left_out=left_out,
        )
