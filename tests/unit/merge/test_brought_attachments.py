import hashlib
from pathlib import Path

import pytest
from bundle_samples import leave_bundle, merged, plan_of
from journal_samples import call, collected, passes, setup, started, teardown

from ci_toolkit.merge import attachments as limits
from ci_toolkit.merge.attachments import remove_attachments
from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.bundle import ATTACHMENTS_FOLDER
from ci_toolkit.model.journal import Attached, JournalRecord

PLAN = plan_of(["test_a.py"])
PNG = b"\x89PNG\r\n\x1a\n and pixels"


def attached(number: int, data: bytes, **other: str | int) -> Attached:
    """What the journal says of a file with the content ``data``; ``other`` fields say something else."""
    fields = {
        "name": "page.png", "path": f"1-main-{number + 1}.png", "media_type": "image/png", "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(), **other,
    }  # fmt: skip
    return Attached(i=number, attachment=Attachment(**fields))  # type: ignore[arg-type]  # by name


def leave(results: Path, *records: Attached, **files: bytes) -> Path:
    """Leave the bundle of one failed test that attached ``records``, and of one that passed and did so too."""
    fails: tuple[JournalRecord, ...] = (
        started(0),
        setup(0),
        *records,
        call(0, "failed", message="assert 0"),
        teardown(0),
    )
    passed = passes(1)
    journal: list[JournalRecord] = [
        collected("test_a.py", "test_1", "test_2"),
        *fails,
        passed[0],
        attached(1, PNG),
        *passed[1:],
    ]
    bundle = leave_bundle(results, PLAN, 1, {"main": journal})
    (bundle / ATTACHMENTS_FOLDER).mkdir()
    for name, data in files.items():
        (bundle / ATTACHMENTS_FOLDER / f"1-main-{name.removeprefix('f')}.png").write_bytes(data)
    return bundle


def brought(tmp_path: Path) -> list[Attachment]:
    (failure,) = merged(tmp_path / "results", PLAN).failures
    return list(failure.attachments)


def test_what_a_failed_test_attached_lies_beside_the_reports_and_what_others_did_does_not(tmp_path: Path) -> None:
    leave(tmp_path / "results", attached(0, PNG, name="../<b>.html"), f1=PNG, f2=PNG)
    (found,) = brought(tmp_path)
    assert (found.name, found.path, found.media_type) == ("../<b>.html", "attachments/1-1.png", "image/png")
    assert (tmp_path / "out" / found.path).read_bytes() == PNG
    assert [path.name for path in (tmp_path / "out" / "attachments").iterdir()] == ["1-1.png"]


def test_what_was_not_kept_says_why(tmp_path: Path) -> None:
    leave(tmp_path / "results", Attached(i=0, attachment=Attachment(name="page.png", why_not="it was too large")))
    assert brought(tmp_path) == [Attachment(name="page.png", why_not="it was too large")]


@pytest.mark.parametrize("path", ["../shard.json", "/etc/hostname", "a/b", "..", ".hidden", "a\0b", "x" * 200])
def test_a_journal_that_names_no_file_of_its_bundle_leads_nowhere(tmp_path: Path, path: str) -> None:
    leave(tmp_path / "results", attached(0, PNG, path=path), f1=PNG)
    (found,) = brought(tmp_path)
    assert (found.path, found.why_not) == ("", "its journal does not name a file of the bundle")


def test_a_journal_that_tells_of_countless_files_with_endless_names_makes_no_endless_verdict(tmp_path: Path) -> None:
    record = Attached(i=0, attachment=Attachment(name="n" * 10_000, why_not="w" * 10_000))
    leave(tmp_path / "results", *[record] * 1_000)
    found = brought(tmp_path)
    assert len(found) == 40
    assert {(len(one.name), len(one.why_not)) for one in found} == {(200, 200)}


def test_a_file_that_is_missing_swapped_or_a_link_is_not_shown(tmp_path: Path) -> None:
    said = (attached(0, PNG), attached(0, PNG, path="1-main-2.png"), attached(0, PNG, path="1-main-3.png"))
    bundle = leave(tmp_path / "results", *said, f1=PNG[::-1])
    (tmp_path / "elsewhere.png").write_bytes(PNG)
    (bundle / ATTACHMENTS_FOLDER / "1-main-2.png").symlink_to(tmp_path / "elsewhere.png")
    assert [found.path for found in brought(tmp_path)] == ["", "", ""]
    assert {found.why_not for found in brought(tmp_path)} == {"the bundle does not hold it as its journal says"}


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    bundle = leave(tmp_path / "results", attached(0, PNG))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1-main-1.png").write_bytes(PNG)
    (bundle / ATTACHMENTS_FOLDER).rmdir()
    (bundle / ATTACHMENTS_FOLDER).symlink_to(tmp_path / "elsewhere")
    assert [found.path for found in brought(tmp_path)] == [""]


def test_markup_becomes_text_and_a_text_loses_its_secrets(tmp_path: Path) -> None:
    data = b"<svg onload='alert(1)'/>\npassword=hunter2\nend"
    leave(tmp_path / "results", attached(0, data, media_type="image/svg+xml"), f1=data)
    (found,) = brought(tmp_path)
    assert (found.path, found.media_type) == ("attachments/1-1.txt", "text/plain")
    assert (tmp_path / "out" / found.path).read_text() == "<svg onload='alert(1)'/>\npassword=***\nend"


def test_the_reports_take_no_more_than_their_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BROUGHT", 1)
    leave(tmp_path / "results", attached(0, PNG), attached(0, PNG), f1=PNG)
    first, second = brought(tmp_path)
    assert first.path
    assert second.why_not == f"1 files of {len(PNG)} bytes were brought from bundles already"


def test_a_new_merge_takes_away_what_the_last_one_brought_and_nothing_of_the_users(tmp_path: Path) -> None:
    folder = tmp_path / ATTACHMENTS_FOLDER
    folder.mkdir()
    (folder / "1-1.png").write_bytes(PNG)
    (folder / "mine.png").write_bytes(PNG)
    remove_attachments(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["mine.png"]
    (folder / "mine.png").unlink()
    remove_attachments(tmp_path)
    assert not folder.exists()


def test_a_journal_that_attaches_to_a_test_which_it_never_named_is_damaged(tmp_path: Path) -> None:
    leave(tmp_path / "results", attached(7, PNG))
    assert [problem.kind for problem in merged(tmp_path / "results", PLAN).problems] == ["journal-damaged"]
