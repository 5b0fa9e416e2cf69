"""Suites that nobody here wrote: one of each kind, as source distributions, each small enough for a night."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSuite:
    """A distribution whose tests are run as its own settings say."""

    requirement: str
    """Which distribution, as ``name==version``."""
    kind: str
    """What it stands for."""
    requires: tuple[str, ...] = ()
    """What its tests need beside it."""
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    is_measured: bool = False
    one_row_a_test: bool = False
    reports: tuple[str, ...] = ()
    is_unpacked: bool = True
    """Whether the tests run in the unpacked source; else in an empty folder, from the installed package."""


SUITES = {
    "django-filter": PublicSuite(
        requirement="django-filter==25.2",
        kind="Django, subtests",
        requires=("pytest-django", "django", "djangorestframework==3.16.1", "django-crispy-forms==2.4", "pytz==2025.2"),
        options=("-o", "DJANGO_SETTINGS_MODULE=tests.settings", "-o", "pythonpath=.", "tests"),
        one_row_a_test=True,
    ),
    "more-itertools": PublicSuite(
        requirement="more-itertools==10.8.0",
        kind="doctests beside unittest",
        requires=("pytest-cov",),
        options=(
            "--doctest-modules",
            "--cov=more_itertools",
            "--cov-branch",
            "more_itertools",
            "tests/test_recipes.py",
        ),
        is_measured=True,
        one_row_a_test=True,
    ),
    "httpcore": PublicSuite(
        requirement="httpcore==1.0.9",
        kind="asynchronous, on asyncio and trio",
        requires=("anyio", "trio", "pytest-trio", "pytest-httpbin==2.1.0", "h2==4.3.0", "socksio==1.0.0"),
        options=("--deselect=tests/test_cancellations.py",),  # races of its own, xfail where they are lost
    ),
    "networkx": PublicSuite(
        requirement="networkx==3.5",
        kind="`--pyargs`: tests outside pytest's root",
        options=("--pyargs", "networkx.algorithms.tree", "networkx.utils"),
        is_unpacked=False,
    ),
    "svcs": PublicSuite(
        requirement="svcs==25.1.0",
        kind="collectors of its own (Sybil)",
        requires=("sybil==9.2.0", "pytest-asyncio", "attrs==25.4.0"),
    ),
    "pytest-describe": PublicSuite(
        requirement="pytest-describe==3.0.0",
        kind="pytest run in tests",
    ),
    "click": PublicSuite(
        requirement="click==8.4.0",
        kind="warnings as errors",
        requires=("pytest-cov", "pytest==9.0.2"),  # later ones warn of what its tests do
        options=(
            *("--cov=click", "--cov-branch"),
            "--deselect=tests/test_utils.py::test_echo_via_pager",  # click's own race with its pager
        ),
        is_measured=True,
    ),
    "hyperframe": PublicSuite(
        requirement="hyperframe==6.1.0",
        kind="a gate of coverage in the configuration",
        requires=("pytest-cov",),
        options=("--cov=hyperframe", "tests"),
        is_measured=True,
    ),
    "itsdangerous": PublicSuite(
        requirement="itsdangerous==2.2.0",
        kind="pytest-randomly, frozen time",
        requires=("pytest-randomly", "freezegun"),
    ),
    "yarl": PublicSuite(
        requirement="yarl==1.22.0",
        kind="pytest-xdist and coverage in addopts",
        requires=(
            "pytest-xdist",
            "pytest-cov",
            "hypothesis==6.142.0",
            "pytest-codspeed==4.2.0",
            "Cython==3.1.6",
            "covdefaults==2.3.0",
        ),
        options=("--ignore=tests/test_quoting.py",),  # it needs the extension in C
        variables={"YARL_NO_EXTENSIONS": "1"},
        is_measured=True,
    ),
    "jaraco-functools": PublicSuite(
        requirement="jaraco.functools==4.6.0",
        kind="namespace package, importlib mode, doctests, options by pytest-enabler",
        requires=("pytest-enabler==3.4.0", "jaraco.classes==3.4.0", "pytest-cov"),
    ),
    "pygments": PublicSuite(
        requirement="pygments==2.21.0",
        kind="items without a name, collectors of nested conftest files",
        requires=("pytest-randomly", "wcag-contrast-ratio==0.9"),
        options=("tests/examplefiles", "tests/snippets", "tests/contrast"),
    ),
    "babel": PublicSuite(
        requirement="babel==2.19.0",
        kind="a folder that skips itself, doctests of modules",
        requires=("freezegun", "jinja2==3.1.6", "pytz==2026.6", "setuptools==79.0.1", "pytest-cov"),
        options=("--cov=babel.messages", "-k", "messages", "babel/messages", "tests"),
        is_measured=True,
    ),
    "zope-interface": PublicSuite(
        requirement="zope.interface==8.7",
        kind="unittest below a package of its own",
        requires=("zope.event==6.2", "zope.testing==6.2"),
    ),
    "beautifulsoup4": PublicSuite(
        requirement="beautifulsoup4==4.15.0",
        kind="test classes that inherit their tests from other modules",
        requires=("lxml==6.1.3", "html5lib==1.1"),
    ),
    "mako": PublicSuite(
        requirement="mako==1.4.3",
        kind="code compiled under names that are no files, of which one is a folder's",
        requires=("pytest-cov", "babel==2.19.0", "dogpile.cache==1.5.0", "beaker==1.14.1"),
        options=(
            *("--cov", "--cov-branch"),
            *("--ignore=test/test_template.py", "--ignore=test/test_exceptions.py"),  # they leave modules that they run
        ),
        is_measured=True,
    ),
    "jsonschema": PublicSuite(
        requirement="jsonschema==4.26.0",
        kind="thousands of unittest's tests, made of data files; one needs what another file imports",
        requires=("jsonpath-ng==1.16.0",),
    ),
    "waitress": PublicSuite(
        requirement="waitress==3.0.2",
        kind="servers in processes of their own, coverage in addopts",
        requires=("pytest-cov",),
        is_measured=True,
    ),
    "jinja2": PublicSuite(
        requirement="jinja2==3.1.6",
        kind="classes, asynchronous generators",
        requires=("trio", "pytest-cov"),
        options=("--cov=jinja2", "--cov-branch"),
        is_measured=True,
    ),
}
"""Name to suite."""
