"""`ci-toolkit index`: the catalogue of e2e tests and the picture of the test architecture."""

from pathlib import Path

import click

from ci_toolkit.errors import ExitCode


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--catalogue",
    "catalogue_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("tests/e2e/STAGING_E2E_TEST_INDEX.md"),
    show_default=True,
    help="The file to write the catalogue of e2e tests to.",
)
@click.option(
    "--overview",
    "overview_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("tests/TEST_ARCHITECTURE_VISUAL_OVERVIEW.md"),
    show_default=True,
    help="The file to write the picture of the test architecture to.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page is out of date.")
def command(paths: tuple[Path, ...], catalogue_path: Path, overview_path: Path, *, check: bool) -> int:
    """Write the catalogue of e2e tests, by rank, and the picture of the test architecture.

    Both are made from the source of the suite, without importing it. A rank is a marker: p1 to p6, or priority(1).
    """
    from ci_toolkit.authoring.catalogue import catalogue
    from ci_toolkit.authoring.overview import overview
    from ci_toolkit.authoring.suite_reading import read_suite
    from ci_toolkit.config.project import project_root
    from ci_toolkit.lint.settings import load_settings

    root = project_root(Path.cwd())
    reading = read_suite(paths or (Path(),), root=root, settings=load_settings(root))
    pages = {catalogue_path: catalogue(reading), overview_path: overview(reading)}
    stale = [path for path, text in pages.items() if _content(path) != text.encode()]
    for path in stale:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pages[path].encode())
        click.echo(f"{path}: {'out of date; run ci-toolkit index' if check else 'written'}", err=True)
    return ExitCode.FAILED if check and stale else ExitCode.PASSED


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
