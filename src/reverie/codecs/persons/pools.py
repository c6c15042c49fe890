"""Parts of made-up people: thousands of names, streets, companies ... of a locale, drawn once from Faker."""

from functools import cache

import pyarrow as pa

from reverie.codecs.wording import fold

_DRAWS = 4_000


def is_locale(name: str) -> bool:
    """Whether Faker knows the locale."""
    from faker.config import AVAILABLE_LOCALES

    return name in AVAILABLE_LOCALES


@cache
def pool(locale: str, part: str) -> pa.Array:
    """Different values of Faker's `part` (a method's name) in `locale`, always the same ones.

    A locale that Faker does not know gives American values.
    """
    from faker import Faker

    fake = Faker(locale if is_locale(locale) else "en_US")
    fake.seed_instance(20_240_229)
    draw = getattr(fake, part)
    drawn = dict.fromkeys(str(draw()).replace("\n", ", ") for _ in range(_DRAWS))
    # American telephone numbers come with extensions, which columns of them rarely have.
    return pa.array([value for value in drawn if part != "phone_number" or "x" not in value])


@cache
def plain_pool(locale: str, part: str) -> pa.Array:
    """The values of `pool` in the letters a to z, as in e-mail addresses; American ones if few are left."""
    spelled = (
        "".join(sign for sign in fold(value) if "a" <= sign <= "z")
        for value in pool(locale, part).to_pylist()
    )
    plain = list(dict.fromkeys(word for word in spelled if len(word) > 1))
    return pa.array(plain) if len(plain) >= 50 else plain_pool("en_US", part)
