import pytest

from ci_toolkit.cli.main import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused commands remove the reports of the folder that they stand in."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["run", "--shard", "2"], "Did you mean '--shards'?"),
        (["run", "--tset-file"], "Did you mean '--test-file'?"),
        (["plan", "--targt", "2m"], "Did you mean '--target'?"),
        (["run", "--tb=short"], "Options of pytest's own follow `--`, such as: ci-toolkit run -- --tb"),
        (["plan", "-Z"], "Options of pytest's own follow `--`, such as: ci-toolkit plan -- -Z"),
        (["run", "--budgte", "2m"], "Did you mean '--budget'?"),
    ],
)
def test_a_mistyped_option_is_told_what_was_meant(
    capsys: pytest.CaptureFixture[str], arguments: list[str], hint: str
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.rstrip().endswith(hint)


@pytest.mark.parametrize("arguments", [["merge", "--tb"], ["history", "--bogus"], ["--lf"]])
def test_an_option_that_looks_like_none_gets_no_guess(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"No such option '{arguments[-1]}'.")
