"""What a machine has of what a project's settings ask for, and what to do about the rest."""

from enum import StrEnum

from ci_toolkit.model.record import Record

DIAGNOSIS_SCHEMA = 1


class Mark(StrEnum):
    """How something that ci-toolkit can use stands here."""

    OK = "ok"
    WRONG = "wrong"
    """The settings ask for it, and it is missing or cannot be used."""
    OPTIONAL = "optional"
    """It is missing or cannot be used, and no setting asks for it."""


class Finding(Record, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    mark: Mark
    told: str
    """What is there, or what is missing and what would use it."""
    advice: str = ""
    """What to do; empty where all is well."""
    exit_code: int = 0
    """With which a command that needs it would end, where it is wrong."""


class Diagnosis(Record, frozen=True, kw_only=True):
    """Everything that was looked at, in the order in which it is needed."""

    schema: int = DIAGNOSIS_SCHEMA
    exit_code: int
    """That of the first thing that is wrong: what comes after it may only follow from it."""
    findings: tuple[Finding, ...]


def diagnosis_of(findings: tuple[Finding, ...]) -> Diagnosis:
    """Return what ``findings`` amount to."""
    wrong = (finding.exit_code for finding in findings if finding.mark is Mark.WRONG)
    return Diagnosis(exit_code=next(wrong, 0), findings=findings)
