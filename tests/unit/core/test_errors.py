import pytest

from reverie.core import errors
from reverie.core.errors import DataError, InternalError, ReverieError

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ReverieError)]


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({}, "3 rows"),
        ({"where": "people.age"}, "people.age: 3 rows"),
        ({"fix": "Give more"}, "3 rows. Give more"),
        ({"where": "people.age", "fix": "Give more"}, "people.age: 3 rows. Give more"),
    ],
)
def test_an_error_is_one_line_of_what_where_and_fix(parts: dict[str, str], line: str) -> None:
    assert str(DataError("3 rows", **parts)) == line


def test_the_parts_can_be_read_apart() -> None:
    error = DataError("3 rows", where="people", fix="Give more")
    assert (error.what, error.where, error.fix) == ("3 rows", "people", "Give more")


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_only_our_own_defects_exit_with_one(kind: type[ReverieError]) -> None:
    assert kind.exit_code == (1 if kind is InternalError else 2)
    assert kind.__doc__
