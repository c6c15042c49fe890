"""The house rules, checked: sizes, names, words, tests/unit mirroring src, and what an import drags in."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "reverie"
UNIT = ROOT / "tests" / "unit"
MODULES = {path.relative_to(SOURCE): path.read_text() for path in sorted(SOURCE.rglob("*.py"))}
TREES = {path: ast.parse(text) for path, text in MODULES.items()}

MODULE_LINES = 400
FUNCTION_LINES = 50
NESTING = 3
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
BANNED = re.compile(
    r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError|pickle\.load|except Exception\b|except:\s*$"
)
HEAVY = {
    "duckdb",
    "faker",
    "jinja2",
    "lightgbm",
    "numba",
    "openpyxl",
    "pandas",
    "plotly",
    "polars",
    "scipy.stats",
    "sklearn",
    "torch",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def functions() -> Iterator[tuple[str, Function]]:
    """Every function with its place."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{path}:{node.lineno} {node.name}", node


def body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the end."""
    documented = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if documented else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def nesting(node: ast.AST) -> int:
    """Depth of blocks inside `node`; an elif counts as its if, a function inside counts for itself."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, nesting(child) + (isinstance(child, BLOCKS) and not is_elif))
    return deepest


def compares_column_type(node: ast.AST) -> bool:
    """Whether `node` is `column.type` against something written out, such as `column.type == "date"`."""
    if not isinstance(node, ast.Compare) or not re.search(r"\bcol(umn)?\.type$", ast.unparse(node.left)):
        return False
    return all(isinstance(other, ast.Constant | ast.Tuple | ast.Set | ast.List) for other in node.comparators)


def test_modules_are_short() -> None:
    assert not {path: text.count("\n") for path, text in MODULES.items() if text.count("\n") > MODULE_LINES}


def test_functions_are_short() -> None:
    assert not {place: body_lines(f) for place, f in functions() if body_lines(f) > FUNCTION_LINES}


def test_functions_are_flat() -> None:
    assert not {place: nesting(f) for place, f in functions() if nesting(f) > NESTING}


def test_nesting_counts_as_people_do() -> None:
    tree = ast.parse("for a in b:\n if a:\n  pass\n elif b:\n  pass\n else:\n  with c:\n   pass")
    assert nesting(tree) == 3


def test_module_names_say_what_they_hold() -> None:
    assert not [path for path in MODULES if VAGUE_NAMES & set(path.with_suffix("").parts)]


def test_no_banned_words() -> None:
    lines = ((path, line) for path, text in MODULES.items() for line in text.splitlines())
    assert not [place for place in lines if BANNED.search(place[1])]


def test_everything_public_is_documented() -> None:
    modules = [str(path) for path, tree in TREES.items() if tree.body and not ast.get_docstring(tree)]
    parts = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    assert not modules + parts


def test_only_codecs_know_column_types() -> None:
    outside = {path: tree for path, tree in TREES.items() if path.parts[:2] != ("codecs", "columns")}
    found = [(path, node) for path, tree in outside.items() for node in ast.walk(tree)]
    assert not [f"{path}:{node.lineno}" for path, node in found if compares_column_type(node)]


def test_unit_tests_mirror_the_source() -> None:
    """Every module has tests/unit/<folder>/test_<module>.py, and every such file has its module."""
    code = [path for path in MODULES if path.name not in {"__init__.py", "__main__.py"}]
    expected = {(path.parent / f"test_{path.name}").as_posix() for path in code}
    packages = [path.parent for path in MODULES if path.name == "__init__.py" and path.parent.name]
    optional = {(path / f"test_{path.name}.py").as_posix() for path in packages}
    found = {path.relative_to(UNIT).as_posix() for path in UNIT.rglob("test_*.py")}
    assert not expected - found, "modules without tests"
    assert not found - expected - optional - {"test_project.py", "test_reverie.py"}, "tests without a module"


def loaded(statement: str) -> set[str]:
    """Names of modules in memory after running `statement` in a fresh interpreter."""
    script = f"{statement}\nimport sys\nprint('\\n\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("\n\n")[2].split())


def test_import_is_light() -> None:
    assert not loaded("import reverie") & HEAVY


def test_help_is_light() -> None:
    pytest.importorskip("reverie.cli.main", exc_type=ImportError)
    run = "import contextlib, sys\nsys.argv = ['reverie', '--help']\nfrom reverie.cli.main import main\n"
    assert not loaded(f"{run}with contextlib.suppress(SystemExit): main()") & HEAVY


def test_every_pin_is_exact_and_names_no_host() -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert pins
    assert not [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin)]
