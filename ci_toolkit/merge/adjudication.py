"""Finds the trials that another machine made of a run's failures, and reads them as a stranger's."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.merge.bundles import Bundle, cards_below, read_small
from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.merge.trials import TrialsOfBundle
from ci_toolkit.model.bundle import ADJUDICATION_NAME, ADJUDICATION_SCHEMA, AdjudicationCard
from ci_toolkit.model.merged import TrialEvidence
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.record import Record, from_json
from ci_toolkit.model.trial import Where


class Adjudication(Record, frozen=True, kw_only=True):
    """What another machine showed."""

    is_there: bool = False
    """Whether any trial was made on another machine."""
    trials: tuple[TrialEvidence, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_adjudication(
    results: Path, plan: Plan, bundles: Mapping[int, Bundle], merges: Sequence[ShardMerge]
) -> Adjudication:
    """Return what the newest adjudication of the run of ``plan`` below ``results`` shows of the failures of ``merges``.

    Nothing counts that was made on the machine of the shard itself.
    """
    problems: list[Problem] = []
    found = sorted(_of_run(results, plan, problems), key=lambda place: (place[1].run_attempt, place[1].began_at))
    if not found:
        return Adjudication(problems=tuple(problems))
    folder, card = found[-1]
    records = {shard.index: shard.trials for shard in card.shards}
    trials: list[TrialEvidence] = []
    for merge in merges:
        bundle = bundles[merge.shard.index]
        if bundle.card.machine == card.machine:
            continue
        there = Bundle(
            folder=str(folder / f"shard-{merge.shard.index}"),
            card=msgspec.structs.replace(bundle.card, trials=records.get(merge.shard.index, ())),
        )
        of_shard = TrialsOfBundle(there, merge.sources)
        read = of_shard.of({failure.node_id for failure in merge.failures})
        trials += [made for made in read if made.trial.where is Where.OTHER]
        problems += of_shard.problems
    return Adjudication(is_there=bool(trials), trials=tuple(trials), problems=tuple(problems))


def _of_run(results: Path, plan: Plan, problems: list[Problem]) -> Iterator[tuple[Path, AdjudicationCard]]:
    for path in cards_below(results, ADJUDICATION_NAME):
        try:
            card = from_json(read_small(path), AdjudicationCard, schema=ADJUDICATION_SCHEMA, origin=str(path))
        except (FormatError, OSError) as error:
            message = str(error).partition("\n")[0]
            problems.append(Problem(kind=ProblemKind.BUNDLE_UNREADABLE, message=message))
            continue
        if (card.plan_id, card.run_id) == (plan.plan_id, plan.run_id):  # one of another run says nothing of this one
            yield path.parent, card
