import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.base import Condition, Match, Profile, Protection
from reverie.codecs.columns.personal import Personal
from reverie.codecs.persons.checksums import share_of_cards
from reverie.codecs.persons.fabrication import fabricate
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
EMAILS = pa.array([f"person{n}@firm{n % 7}.de" if n % 4 else None for n in range(100)])


def claim(name: str, values: pa.Array) -> Match | None:
    distinct = len(values.drop_null().unique())
    return Personal.matches(Profile(name, values, len(values), values.null_count, distinct))


def fit(values: pa.Array, **options) -> Personal:
    column = Column(name="who", type="personal", options=options)
    sketch = Personal.merge(column, *(Personal.sketch(column, part) for part in (values[:7], values[7:])))
    return Personal.finish(column, sketch, Protection())


def test_claims_say_kind_locale_and_repeats() -> None:
    match = claim("contact", EMAILS)
    assert match is not None
    assert match.options == {"kind": "email", "locale": "de_DE", "repeats": 0.0}
    assert match.score > 0.9
    assert "person1" not in match.reason


def test_claims_on_numbers() -> None:
    cards = fabricate("card", np.arange(100), "en_US", "x").cast(pa.int64())
    match = claim("payment", cards)
    assert match is not None
    assert match.options["kind"] == "card"
    made = fit(cards, kind="card").decode({}, 50, RNG)
    assert made.type == pa.int64()
    assert share_of_cards(made.cast(pa.string())) == 1


@pytest.mark.parametrize(
    "values", [pa.array([1.5, 2.5]), pa.array([True, False]), pa.array(["", ""]), pa.array([None])]
)
def test_other_columns_are_not_claimed(values: pa.Array) -> None:
    assert claim("email", values) is None


def test_no_real_value_is_kept_or_made() -> None:
    codec = fit(EMAILS, kind="email", locale="de_DE")
    assert "person" not in str(codec.state())
    made = codec.decode(codec.encode(EMAILS, RNG), 100, RNG)
    assert not set(made.drop_null().to_pylist()) & set(EMAILS.to_pylist())


def test_missing_stays_missing() -> None:
    codec = fit(EMAILS, kind="email", locale="de_DE")
    made = codec.decode(codec.encode(EMAILS, RNG), 100, RNG)
    assert made.is_null().equals(EMAILS.is_null())


def test_values_are_unique_over_partitions() -> None:
    codec = fit(EMAILS.drop_null(), kind="email")
    both = pa.concat_arrays([codec.decode({}, 600, RNG), codec.decode({}, 400, RNG, 600)])
    assert len(both.unique()) == 1_000


def test_missing_cells_do_not_shift_the_values_of_other_rows() -> None:
    codec = fit(EMAILS, kind="email")
    present = np.array([1, 0, 1, 1], dtype=np.int32)
    some, full = (codec.decode({"who#present": codes}, 4, RNG) for codes in (present, np.ones(4, np.int32)))
    assert [some[at] for at in (0, 2, 3)] == [full[at] for at in (0, 2, 3)]


def test_repeats_are_kept() -> None:
    made = fit(EMAILS.drop_null(), kind="email", repeats=0.5).decode({}, 4_000, RNG)
    assert len(made.unique()) == pytest.approx(2_000, rel=0.05)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_the_type_comes_back(kind: pa.DataType) -> None:
    values = EMAILS.drop_null().cast(pa.string())
    values = values.dictionary_encode() if pa.types.is_dictionary(kind) else values.cast(kind)
    assert fit(values, kind="name").decode({}, 5, RNG).type == kind


def test_only_missing_can_be_asked() -> None:
    codec = fit(EMAILS, kind="email")
    assert codec.evidence(Condition("who", missing=False))["who#present"].allowed.tolist() == [False, True]
    with pytest.raises(ConditionError, match="personal data"):
        codec.evidence(Condition("who", values=("a@b.de",)))


def test_wrong_edits_are_refused() -> None:
    with pytest.raises(SchemaError, match=r"without a known kind.*email"):
        Personal.sketch(Column(name="who", type="personal", options={"kind": "shoe size"}), EMAILS)
    with pytest.raises(DataError, match="not personal"):
        Personal.sketch(Column(name="who", type="personal", options={"kind": "email"}), pa.array([1.5]))


def test_state_round_trip() -> None:
    codec = fit(EMAILS, kind="name", locale="fr_FR")
    again = Personal.from_state(codec.column, codec.state())
    arrays = codec.encode(EMAILS, RNG)
    assert again.decode(arrays, 100, RNG).equals(codec.decode(arrays, 100, RNG))
    assert again.specs == codec.specs
