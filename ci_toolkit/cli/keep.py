"""``--keep``: which tests stay in one shard; for every command that plans."""

import click

from ci_toolkit.plan.request import Keep

keep_option = click.option(
    "--keep",
    type=click.Choice([keep.value for keep in Keep]),
    default=Keep.NOTHING.value,
    show_default=True,
    help="Which tests must stay together in one shard.",
)
"""Adds ``keep``, the value of a `Keep`."""
