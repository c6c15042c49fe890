import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from reverie.core import registry


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of two modules; one entry point adds to it, another has the name of a module in it."""
    package = tmp_path / "open_folder"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "beta.py").write_text("WHO = 'beta'")
    (package / "alpha.py").write_text("WHO = 'alpha'")
    (tmp_path / "guest.py").write_text("WHO = 'guest'")
    monkeypatch.syspath_prepend(tmp_path)
    entries = [EntryPoint(name, "guest", "open_folder") for name in ("gamma", "alpha")]

    def found(group: str, name: str | None = None) -> list[EntryPoint]:
        return [entry for entry in entries if entry.group == group and name in (None, entry.name)]

    monkeypatch.setattr(registry, "entry_points", found)
    yield "open_folder"
    for name in [name for name in sys.modules if name.split(".")[0] in {"open_folder", "guest"}]:
        del sys.modules[name]
    registry.names.cache_clear()
    registry.load.cache_clear()


def test_names_are_known_without_importing(plugins: str) -> None:
    assert registry.names(plugins) == ("alpha", "beta", "gamma")
    assert not {"open_folder.alpha", "open_folder.beta", "guest"} & set(sys.modules)


def test_a_module_in_the_folder_is_a_plugin(plugins: str) -> None:
    assert registry.load(plugins, "beta").WHO == "beta"


def test_another_package_can_add_one(plugins: str) -> None:
    assert registry.load(plugins, "gamma").WHO == "guest"


def test_what_is_built_in_wins(plugins: str) -> None:
    assert registry.load(plugins, "alpha").WHO == "alpha"


def test_all_are_loaded_in_the_order_of_their_names(plugins: str) -> None:
    assert [module.WHO for module in registry.load_all(plugins)] == ["alpha", "beta", "guest"]


def test_an_unknown_name_is_refused(plugins: str) -> None:
    with pytest.raises(KeyError, match="delta"):
        registry.load(plugins, "delta")
