"""Discovery: a file dropped into an OPEN folder is a plug-in; names are known without importing anything."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType


@cache
def names(package: str) -> tuple[str, ...]:
    """Module names in `package` (dotted) and in the entry-point group of the same name, sorted."""
    found = {module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    return tuple(sorted(found | {entry.name for entry in entry_points(group=package)}))


@cache
def load(package: str, name: str) -> ModuleType:
    """Import the plug-in `name` of `package`; built-ins win over entry points. Raises KeyError if unknown."""
    if name not in names(package):
        raise KeyError(name)
    built_in = {module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    if name in built_in:
        return importlib.import_module(f"{package}.{name}")
    (entry,) = entry_points(group=package, name=name)
    return entry.load()


def load_all(package: str) -> tuple[ModuleType, ...]:
    """Import every plug-in of `package`, in the order of their names."""
    return tuple(load(package, name) for name in names(package))
