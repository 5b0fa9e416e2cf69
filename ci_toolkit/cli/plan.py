"""``ci-toolkit plan``: writes which shard runs what."""

from pathlib import Path

import click


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--shards", default="auto", show_default=True, metavar="N|auto", help="How many shards.")
@click.option("--category", "categories", multiple=True, metavar="NAME", help="Only this category (repeatable).")
@click.option("--out", type=click.Path(path_type=Path), default=Path("plan.json"), show_default=True)
def command(paths: tuple[str, ...], shards: str, categories: tuple[str, ...], out: Path) -> int:
    """Write the plan: which shard runs what."""
    from ci_toolkit.model.durations import Durations  # noqa: PLC0415
    from ci_toolkit.model.plan import plan_to_json  # noqa: PLC0415
    from ci_toolkit.plan.build import build_plan  # noqa: PLC0415
    from ci_toolkit.plan.request import PlanRequest  # noqa: PLC0415
    from ci_toolkit.suite.discover import find_suite  # noqa: PLC0415

    suite = find_suite(Path.cwd(), paths, ())
    request = PlanRequest(shards=None if shards == "auto" else int(shards), categories=categories)
    plan = build_plan(suite, Durations(), request)
    out.write_bytes(plan_to_json(plan))
    click.echo(f"{len(plan.shards)} shards, {plan.makespan_seconds:.1f} s, bound {plan.lower_bound_seconds:.1f} s")
    return 0
