"""The one tree of errors: what was found, where, and what to do. Never a cell value."""


class ReverieWarning(UserWarning):
    """What a user should know of work that went on nevertheless."""


class ReverieError(Exception):
    """Base of every error that Reverie raises on purpose.

    `what` says what was found, `where` names the table, column, file or option, and `fix` tells the user what
    to do next. `str(error)` is the one line that a user reads.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what, where, fix)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.fix}" if self.fix else head


class DataError(ReverieError):
    """The data cannot be read, or holds nothing to learn from."""


class SchemaError(ReverieError):
    """A schema is malformed or does not describe the data at hand."""


class ConditionError(ReverieError):
    """A condition names an unknown column or value, or cannot be met."""


class ConstraintError(ReverieError):
    """A constraint contradicts another one, or the data."""


class ConfigError(ReverieError):
    """An option has a value that makes no sense."""


class ArtifactError(ReverieError):
    """An artifact is damaged, unsafe, or of another version."""


class OutputError(ReverieError):
    """The result cannot be written."""


class PipeError(OutputError):
    """The program that reads the result has ended."""


class DependencyError(ReverieError):
    """An optional library is missing; `fix` names the extra to install."""


class InternalError(ReverieError):
    """A defect of Reverie itself, found by one of its own checks."""

    exit_code = 1
