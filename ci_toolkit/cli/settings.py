"""Where a value comes from: the flag, else the environment, else ``[tool.ci-toolkit]``, else the default."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from itertools import chain
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ci_toolkit.config.project import nearest, read_pyproject, tool_table
from ci_toolkit.errors import ConfigurationError, ExitCode, ToolkitError
from ci_toolkit.masking import masked

PREFIX = "CI_TOOLKIT"
TABLES = frozenset({"categories", "flaky", "framework", "lint", "modes", "quarantine", "services"})
"""Tables of ``[tool.ci-toolkit]`` that a room reads by itself."""
_NO_SETTINGS = frozenset({"help", "version", "show-settings"})


class OneCall(click.Option):
    """An option that belongs to one call of a command: it is no setting, and no variable sets it."""


class Unconfigured(click.Command):
    """A command that runs, and says what is wrong, where the settings cannot be used."""


class ToolkitCommand(click.Command):
    """A command that can print the settings it would run with, and where each comes from."""

    def __init__(self, *args: Any, remove_outputs: Callable[[Path], None] | None = None, **kwargs: Any) -> None:
        """``remove_outputs`` removes from ``--out`` what an earlier run left there, and this one could not do anew."""
        super().__init__(*args, **kwargs)
        about = "Print every setting with its value and its source, and stop."
        self.params.append(click.Option(["--show-settings"], is_flag=True, help=about))
        self._remove_outputs = remove_outputs

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse ``args``; whoever only asks for the settings needs not give what a run would need."""
        required = [param for param in self.params if param.required and "--show-settings" in args]
        for param in required:
            param.required = False
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError:
            self.refuse(given, ctx.default_map)
            raise
        finally:
            for param in required:
                param.required = True

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, or print its settings."""
        if ctx.params.pop("show_settings"):
            for line in settings_lines(ctx):
                click.echo(line)
            return ExitCode.PASSED
        out = ctx.params.get("out")
        try:
            self.check(ctx)
            return super().invoke(ctx)
        except (ToolkitError, click.ClickException):
            self._remove(out)
            raise

    def check(self, ctx: click.Context) -> None:
        """Raise a ToolkitError if the command cannot run with these options."""

    def refuse(self, args: list[str], default_map: MutableMapping[str, Any] | None = None) -> None:
        """Remove the outputs of an earlier run, for this one was refused; ``args`` may be what is wrong."""
        if self._remove_outputs is None or not {"-h", "--help", "--show-settings"}.isdisjoint(args):
            return
        context = click.Context(
            self,
            resilient_parsing=True,
            ignore_unknown_options=True,
            allow_extra_args=True,
            default_map=default_map,
        )
        with context:
            super().parse_args(context, list(args))
        self._remove(context.params.get("out"))

    def _remove(self, out: object) -> None:
        if self._remove_outputs is not None and isinstance(out, Path):
            with contextlib.suppress(OSError):  # what was refused is said, and this is not the reason
                self._remove_outputs(out)


def word_of(option: click.Parameter) -> str:
    """Return the setting's name: the option's long name without its dashes."""
    return max(option.opts, key=len).lstrip("-")


def options_of(command: click.Command) -> dict[str, click.Option]:
    """Return the options of ``command`` that are settings, by name."""
    options = (p for p in command.params if isinstance(p, click.Option) and not isinstance(p, OneCall))
    return {word_of(option): option for option in options if word_of(option) not in _NO_SETTINGS}


def let_environment_speak(command: click.Command, name: str) -> None:
    """Let ``CI_TOOLKIT_NAME_OPTION``, else ``CI_TOOLKIT_OPTION``, set each option of ``command``."""
    for word, option in options_of(command).items():
        upper = word.upper().replace("-", "_")
        own = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
        ours = [f"{PREFIX}_{name.upper()}_{upper}", f"{PREFIX}_{upper}"]
        option.envvar = [*ours, *(variable for variable in own if variable not in ours)]
    if isinstance(command, click.Group):
        for sub, member in command.commands.items():
            let_environment_speak(member, f"{name}_{sub}".replace("-", "_"))


def defaults_from_pyproject(command: click.Command, name: str, root: Path, known: Iterable[str]) -> dict[str, Any]:
    """Return click's ``default_map`` for ``command``: what the ``pyproject.toml`` in ``root`` says of its options.

    ``[tool.ci-toolkit]`` speaks to every command, ``[tool.ci-toolkit.NAME]`` to this one, and is stronger. ``known``
    are the other commands and their settings. Raises ConfigurationError for a key that is none, with the nearest
    one, and for a value that cannot be one.
    """
    table = tool_table(read_pyproject(root), "ci-toolkit")
    where = f"{root / 'pyproject.toml'} [tool.ci-toolkit]"
    _check(table, chain(words_of(command), known), where)
    defaults = _defaults(command, table, where)
    own = table.get(name)
    if name in TABLES or not isinstance(own, dict):
        return defaults
    where = f"{root / 'pyproject.toml'} [tool.ci-toolkit.{name}]"
    _check(own, words_of(command), where)
    return defaults | _defaults(command, own, where)


def words_of(command: click.Command) -> Iterator[str]:
    """Yield the settings of ``command`` and of the commands in it."""
    yield from options_of(command)
    for member in command.commands.values() if isinstance(command, click.Group) else ():
        yield from words_of(member)


def _check(table: Mapping[str, Any], known: Iterator[str], where: str) -> None:
    strangers = dict.fromkeys(table)
    heard = []
    for word in known:
        if not strangers:  # the other commands, which come last, are then not even imported
            return
        heard.append(word)
        strangers.pop(word, None)
    for key in strangers:
        raise ConfigurationError(f"{where} has no setting '{key}'", advice=nearest(key, sorted({*heard}), "settings"))


def _defaults(command: click.Command, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for word, option in options_of(command).items():
        if word in table and not isinstance(table[word], dict):
            assert option.name is not None
            defaults[option.name] = _value(option, table[word], f"{where} '{word}'")
    if isinstance(command, click.Group):
        defaults |= {name: _defaults(member, table, where) for name, member in command.commands.items()}
    return defaults


def _value(option: click.Option, value: object, where: str) -> object:
    values = value if option.multiple and isinstance(value, list) else [value]
    if any(isinstance(each, dict | list) for each in values):
        raise ConfigurationError(f"{where} cannot be used: it is a list", advice="Give one plain value.")
    if isinstance(value, bool) != bool(option.is_flag):
        wanted = "true or false" if option.is_flag else "a value, not true or false"
        raise ConfigurationError(f"{where} cannot be used", advice=f"Give {wanted}.")
    converted = tuple(_converted(option, each, where) for each in values)
    return converted if option.multiple else converted[0]


def _converted(option: click.Option, value: object, where: str) -> object:
    try:
        return option.type.convert(value, option, None)
    except click.BadParameter as error:
        raise ConfigurationError(f"{where} cannot be used: {error.message}", advice="Correct this setting.") from error


def settings_lines(ctx: click.Context) -> Iterator[str]:
    """Yield a line for each setting of the command of ``ctx``: name, value, source."""
    rows = [
        (word, _shown(word, ctx.params.get(option.name or "")) or "-", _source(ctx, option))
        for word, option in options_of(ctx.command).items()
    ]
    yield from table_lines([("setting", "value", "source"), *rows])


def _shown(word: str, value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_shown(word, part) for part in value)
    return masked(word, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value))


def table_lines(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    """Yield ``rows`` in columns."""
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, source in rows:
        yield f"{name:<{first}}  {value:<{second}}  {source}"


def _source(ctx: click.Context, option: click.Option) -> str:
    source = ctx.get_parameter_source(option.name or "")
    if option.required and ctx.params.get(option.name or "") is None:
        return "required"
    if source is ParameterSource.ENVIRONMENT:
        names = option.envvar if isinstance(option.envvar, list) else []
        return f"environment {next((name for name in names if name in os.environ), '')}".rstrip()
    words = {ParameterSource.COMMANDLINE: "flag", ParameterSource.DEFAULT_MAP: "pyproject.toml"}
    return words.get(source, "default") if source is not None else "default"
