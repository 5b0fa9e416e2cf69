from pathlib import Path

from ci_toolkit.github.archives import LARGEST_ARCHIVE
from ci_toolkit.merge import attachments
from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.verdict import Counts, Coverage, Proof, Status, TestFailure, Verdict
from ci_toolkit.report.html import render_html
from ci_toolkit.report.markdown import render_markdown
from ci_toolkit.report.terminal import render_terminal
from ci_toolkit.workflow import reports
from ci_toolkit.workflow.reports import pictures_of

HOSTILE = '"><script>alert(1)</script>.png'


def verdict_with(*attachments: Attachment) -> Verdict:
    failure = TestFailure(node_id="a.py::test", file="a.py", line=1, message="no", attachments=attachments)
    return Verdict(
        status=Status.FAILED,
        exit_code=1,
        plan_id="f" * 64,
        counts=Counts(total=1, failed=1),
        coverage=Coverage(percent=None),
        proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement="it adds up"),
        failures=(failure,),
    )


def picture(number: int, size: int = 3) -> Attachment:
    return Attachment(name=HOSTILE, path=f"attachments/1-{number}.png", media_type="image/png", size=size)


def test_a_picture_stands_in_the_page_under_its_test_and_its_name_is_text() -> None:
    page = render_html(verdict_with(picture(1)), {"attachments/1-1.png": b"abc"})
    assert '<img src="data:image/png;base64,YWJj" alt="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;.png">' in page
    assert '<a href="attachments/1-1.png">&#34;&gt;&lt;script&gt;' in page
    assert "<script>" not in page
    assert "img-src data:" in page


def test_what_the_page_does_not_hold_it_links_to_or_says_why_it_is_not_there() -> None:
    missing = Attachment(name="video", why_not="it was too large")
    page = render_html(verdict_with(picture(1), missing))
    assert "<img" not in page
    assert '<a href="attachments/1-1.png">' in page
    assert "attached: video, which was not kept: it was too large" in page


def test_no_file_is_shown_as_a_picture_that_is_none() -> None:
    text = Attachment(name="a.svg", path="attachments/1-1.txt", media_type="text/plain", size=3)
    assert "<img" not in render_html(verdict_with(text), {"attachments/1-1.txt": b"abc"})


def test_the_summary_and_the_terminal_name_each_file() -> None:
    verdict = verdict_with(picture(1), Attachment(name="video", why_not="it was too large"))
    summary = render_markdown(verdict)
    assert "### Attached by failed tests" in summary
    assert "<code>attachments/1-1.png</code> |" in summary
    assert "<script>" not in summary
    assert "not kept: it was too large" in summary
    terminal = render_terminal(verdict)
    assert f"attached: {HOSTILE} (attachments/1-1.png)" in terminal
    assert "attached: video (not kept: it was too large)" in terminal


def test_the_artifact_of_a_run_stays_smaller_than_one_that_is_read_for_a_fork() -> None:
    page = reports.MOST_PICTURE_BYTES * 4 / 3
    assert attachments.MOST_BYTES + page < LARGEST_ARCHIVE * 0.6


def test_the_page_holds_pictures_up_to_its_limit_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "attachments").mkdir()
    for number in (1, 2):
        (tmp_path / f"attachments/1-{number}.png").write_bytes(b"abc")
    verdict = verdict_with(picture(1, size=reports.MOST_PICTURE_BYTES), picture(2))
    assert pictures_of(verdict, tmp_path) == {"attachments/1-1.png": b"abc"}
