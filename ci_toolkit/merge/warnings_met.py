"""Puts together the warnings that the processes of a run met, as one process would have met them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from ci_toolkit.model.journal_end import Summary
from ci_toolkit.model.warned import Warned, WarningsLimit, WarningsMet

MOST_TOLD = 100
_MOST_NAMED = 20


def warnings_met(records: Sequence[Summary]) -> WarningsMet:
    """Return the warnings of all processes.

    What tests meet adds up. What comes while modules are imported each process meets anew: the one that met it most
    often speaks for all. Warnings that the suite does not want to see are counted, and not told.
    """
    of_tests: Counter[str] = Counter()
    of_imports: Counter[str] = Counter()
    named: dict[str, dict[str, None]] = {}
    for warned in chain.from_iterable(record.warnings for record in records):
        named.setdefault(warned.text, {}).update(dict.fromkeys(warned.node_ids))
        if warned.is_of_tests:
            of_tests[warned.text] += warned.count
        else:
            of_imports[warned.text] = max(of_imports[warned.text], warned.count)
    counts = of_tests + of_imports
    told = (
        Warned(text=text, count=count, node_ids=tuple(sorted(named[text])[:_MOST_NAMED]))
        for text, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_TOLD]
    )
    return WarningsMet(count=counts.total(), told=tuple(told) if "w" in shown(records) else ())


def shown(records: Iterable[Summary]) -> str:
    """Return what the suite wants listed, in the letters of pytest's ``-r``."""
    return "".join(sorted({letter for record in records for letter in record.shows}))


def limit_of(records: Iterable[Summary]) -> WarningsLimit | None:
    """Return the lowest number of warnings that a process was told to allow."""
    limits = (record.warnings_limit for record in records if record.warnings_limit is not None)
    return min(limits, key=lambda limit: limit.most, default=None)
