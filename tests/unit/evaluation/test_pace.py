"""How fast the machine is."""

import pytest

from reverie.evaluation import pace


def test_it_is_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pace.FASTEST <= pace.slowness() <= pace.SLOWEST
    monkeypatch.setattr(pace, "PLAIN_SECONDS", 1e-9)
    assert pace.slowness() == pace.SLOWEST
    monkeypatch.setattr(pace, "PLAIN_SECONDS", 1e9)
    assert pace.slowness() == pace.FASTEST
