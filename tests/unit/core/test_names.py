from reverie.core.names import hint


def test_case_does_not_matter() -> None:
    assert hint("AGE", ["price", "age", "Ages"]) == "Did you mean: age?"
    assert hint("AGGE", ["price", "Age"]) == "Did you mean: Age?"


def test_the_nearest_are_named() -> None:
    assert hint("agee", ["city", "age", "page"]) == "Did you mean: age, page?"


def test_with_none_near_the_first_are_named_and_that_there_are_more() -> None:
    assert hint("zzz", ["b", "a"]) == "Columns are: b, a"
    many = [f"c{i}" for i in range(13)]
    assert hint("zzz", many) == f"Columns are: {', '.join(many[:12])}, ..."
    assert hint("zzz", ["b"], kind="Options") == "Options are: b"
