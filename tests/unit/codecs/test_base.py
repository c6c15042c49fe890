import inspect
from collections import Counter

import pytest

from reverie.codecs.base import Codec, codec_for, codecs, types
from reverie.core.errors import SchemaError
from reverie.schema.types import Column


def test_every_codec_is_found_and_whole() -> None:
    assert len(codecs()) >= 7
    assert not [codec for codec in codecs() if inspect.isabstract(codec) or not issubclass(codec, Codec)]


def test_no_two_codecs_claim_a_type() -> None:
    claims = Counter(name for codec in codecs() for name in codec.TYPES)
    assert set(claims.values()) == {1}
    assert set(claims) == set(types())


@pytest.mark.parametrize("name", sorted(types()))
def test_a_type_leads_to_its_codec(name: str) -> None:
    assert name in codec_for(Column(name="a", type=name)).TYPES


@pytest.mark.parametrize(("where", "place"), [("", "age"), ("people", "people.age")])
def test_an_unknown_type_is_answered_with_those_there_are(where: str, place: str) -> None:
    with pytest.raises(SchemaError, match=f"^{place}: unknown type 'colour'") as caught:
        codec_for(Column(name="age", type="colour"), where=where)
    assert "integer" in caught.value.fix
    assert "category" in caught.value.fix
