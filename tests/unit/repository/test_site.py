import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    named = set(re.findall(r"[\w/-]+\.md$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages == named


def test_every_link_of_a_page_at_the_root_leads_to_a_file_here() -> None:
    for page in ROOT.glob("*.md"):
        for target in LINK.findall(page.read_text()):
            assert (ROOT / target).exists(), f"{page.name}: {target}"
