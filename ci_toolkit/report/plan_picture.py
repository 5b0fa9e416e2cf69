"""A plan in the terminal: a line a shard, or bars against the bound with what would make it shorter."""

from collections.abc import Iterator, Sequence

from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line

MOST_BARS = 32
"""More shards than this are drawn by their ends: the slowest, and the fastest few."""
_FASTEST = 4
_MOST_CUTS = 12
_LEAST_WIDTH, _BESIDE_THE_BAR = 60, 42
_EIGHTHS = " ▏▎▍▌▋▊▉"


def list_plan(plan: Plan) -> str:
    """Return a line for each shard and one for the whole."""
    lines = [f"shard {shard.index:4}: {_time(plan, shard)}  {_contents(shard)}" for shard in plan.shards]
    return "\n".join([*lines, sum_of_plan(plan)]) + "\n"


def draw_plan(plan: Plan, *, width: int = 100, is_ascii: bool = False) -> str:
    """Return the shards as bars against the bound, the files that are cut, and what limits the plan."""
    spread_width = max(len(_spread(plan, shard, is_ascii=is_ascii)) for shard in plan.shards)
    room = max(width, _LEAST_WIDTH) - _BESIDE_THE_BAR - spread_width
    longest = max(plan.makespan_seconds, plan.lower_bound_seconds)
    scale = room / longest if longest > 0.0 else 0.0
    lines = [*_bars(plan, scale, room, spread_width, is_ascii=is_ascii), _bound(plan, scale, is_ascii=is_ascii), ""]
    return "\n".join([*lines, *_cuts(plan), sum_of_plan(plan), _advice(plan)]) + "\n"


def _bars(plan: Plan, scale: float, room: int, spread_width: int, *, is_ascii: bool) -> Iterator[str]:
    shown: Sequence[PlannedShard] = plan.shards
    left_out: Sequence[PlannedShard] = ()
    if len(shown) > MOST_BARS:
        by_time = sorted(plan.shards, key=lambda shard: (-shard.estimated_seconds, shard.index))
        left_out = by_time[MOST_BARS - _FASTEST : -_FASTEST]
        shown = [*by_time[: MOST_BARS - _FASTEST], *by_time[-_FASTEST:]]
    for number, shard in enumerate(shown):
        if left_out and number == MOST_BARS - _FASTEST:
            least, most = _time(plan, left_out[-1]).strip(), _time(plan, left_out[0]).strip()
            yield f"            ... {len(left_out)} more, {least.removesuffix(' s')} to {most}"
        bar = _bar(shard.estimated_seconds * scale, is_ascii=is_ascii)
        took = f"{_time(plan, shard)}{_spread(plan, shard, is_ascii=is_ascii):{spread_width}}"
        yield f"shard {shard.index:4}  {bar:{room}} {took}  {_contents(shard)}"


def _time(plan: Plan, shard: PlannedShard) -> str:
    """Return what the shard is expected to take, or its share of the work where no past run says anything of that."""
    if plan.has_times:
        return f"{shard.estimated_seconds:9.1f} s"
    whole = sum(other.estimated_seconds for other in plan.shards)
    return f"{shard.estimated_seconds / whole if whole > 0.0 else 0.0:11.1%}"


def _spread(plan: Plan, shard: PlannedShard, *, is_ascii: bool) -> str:
    if not plan.has_times:
        return ""
    sign = "+-" if is_ascii else "±"
    return f" {sign}{shard.spread_seconds:.1f}" if shard.spread_seconds else ""


def _bar(length: float, *, is_ascii: bool) -> str:
    if is_ascii:
        return "#" * round(length)
    eighths = round(length * 8.0)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _bound(plan: Plan, scale: float, *, is_ascii: bool) -> str:
    line, end = ("-", "|") if is_ascii else ("─", "┤")
    length = max(1, round(plan.lower_bound_seconds * scale))
    if not plan.has_times:
        return f"bound       {line * (length - 1)}{end} an even share of the tests"
    reason = one_line(plan.limited_by) if plan.limited_by else "an even share"
    return f"bound       {line * (length - 1)}{end} {plan.lower_bound_seconds:.1f} s: {reason}"


def _cuts(plan: Plan) -> Iterator[str]:
    where: dict[str, list[int]] = {cut.path: [] for cut in plan.cuts}
    for shard in plan.shards:
        for unit in shard.units:
            if unit.piece:
                where[unit.path].append(shard.index)
    for path, shards in sorted(where.items(), key=lambda item: (-len(item[1]), item[0]))[:_MOST_CUTS]:
        named = ", ".join(map(str, shards[:_MOST_CUTS])) + (", ..." if len(shards) > _MOST_CUTS else "")
        yield f"cut: {one_line(path)} in {len(shards)} pieces, on shards {named}"
    if len(where) > _MOST_CUTS:
        yield f"cut: {len(where) - _MOST_CUTS} more files"


def _contents(shard: PlannedShard) -> str:
    pieces = sum(1 for unit in shard.units if unit.piece)
    files = len(shard.units) - pieces
    parts = [number_of(files, "file")] if files or not pieces else []
    return " + ".join([*parts, number_of(pieces, "piece")] if pieces else parts)


def sum_of_plan(plan: Plan) -> str:
    """Return the line that says the most of ``plan``."""
    if not plan.has_times:
        return f"{number_of(len(plan.shards), 'shard')}, and no prediction: no past run is known"
    over = plan.makespan_seconds / plan.lower_bound_seconds - 1.0 if plan.lower_bound_seconds > 0.0 else 0.0
    return (
        f"{number_of(len(plan.shards), 'shard')}, {plan.makespan_seconds:.1f} s, "
        f"bound {plan.lower_bound_seconds:.1f} s ({over:+.1%})"
    )


def _advice(plan: Plan) -> str:
    if not plan.has_times:
        return "each test counts the same until a run has been recorded"
    if plan.limited_by:
        return f"limited by {one_line(plan.limited_by)}: more shards help only once that is shorter"
    return "limited by the sum of all tests: more shards will help"
