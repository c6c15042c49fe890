"""All rules together: reduce, restore, valid, translate, state."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError
from reverie.sampling.conditions import meets
from reverie.sampling.constraints import Rules, check
from reverie.schema.types import Constraint

MODELS = {"500": "Fiat", "Panda": "Fiat", "900": "Saab", "Niva": "Lada"}
CONSTRAINTS = (
    Constraint(kind="range", columns=("price",), options={"low": 0}),
    Constraint(kind="one_hot", columns=("cash", "card", "cheque")),
    Constraint(kind="fixed_combinations", columns=("model", "make"), options={"determined": "make"}),
    Constraint(kind="formula", columns=("total", "net", "tax"), options={"operation": "sum"}),
    Constraint(kind="formula", columns=("net", "price", "quantity"), options={"operation": "product"}),
    Constraint(kind="fixed_combinations", columns=("shift", "team")),
    Constraint(
        kind="conditional",
        columns=("model", "note"),
        options={"when": {"values": ["Niva"]}, "then": {"missing": True}},
    ),
    Constraint(kind="inequality", columns=("tax", "total"), enforced=False),
)

ROW = st.tuples(
    st.sampled_from(sorted(MODELS)),
    st.integers(0, 2),
    st.integers(0, 5000),
    st.integers(1, 9),
    st.none() | st.integers(0, 900),
    st.sampled_from([("day", "red"), ("day", "blue"), ("night", "blue"), (None, None)]),
    st.sampled_from(["ok", "late", None]),
)


def sales(rows: list[tuple]) -> pa.Table:
    model, paid, price, quantity, tax, shift, note = zip(*rows, strict=True)
    net = np.round(np.array(price) / 100 * np.array(quantity), 2)
    taxes = np.array([np.nan if t is None else t / 100 for t in tax])
    return pa.table(
        {
            "total": pa.array(np.round(net + taxes, 2), from_pandas=True),
            "make": pa.array([MODELS[m] for m in model]).dictionary_encode(),
            "cash": pa.array([p == 0 for p in paid]),
            "model": pa.array(model),
            "card": pa.array([int(p == 1) for p in paid], pa.int8()),
            "net": net,
            "price": np.array(price) / 100,
            "cheque": pa.array([float(p == 2) for p in paid]),
            "quantity": quantity,
            "tax": pa.array(taxes, from_pandas=True),
            "team": pa.array([s[1] for s in shift], pa.string()),
            "shift": pa.array([s[0] for s in shift], pa.large_string()),
            "note": pa.array(
                [None if m == "Niva" else n for m, n in zip(model, note, strict=True)], pa.string()
            ),
        }
    )


def made(n: int = 400, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    teams = [("day", "red"), ("day", "blue"), ("night", "blue"), (None, None)]
    notes = ["ok", "late", None]

    def row() -> tuple:
        price, quantity, tax = (int(rng.integers(low, high)) for low, high in ((0, 5000), (1, 9), (0, 900)))
        model = sorted(MODELS)[rng.integers(4)]
        return model, rng.integers(3), price, quantity, tax, teams[rng.integers(4)], notes[rng.integers(3)]

    return sales([row() for _ in range(n)])


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return made()


@pytest.fixture(scope="module")
def rules(describe, table: pa.Table) -> Rules:
    return Rules.fit(table, describe(table, CONSTRAINTS))


@given(st.lists(ROW, min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_restore_undoes_reduce(describe, rows: list[tuple]) -> None:
    table = sales(rows)
    rules = Rules.fit(table, describe(table, CONSTRAINTS), k=1)
    restored = rules.restore(rules.reduce(table))
    assert restored.equals(table)
    assert rules.valid(restored).all()


def test_reduced_schema(rules: Rules, table: pa.Table) -> None:
    reduced = rules.reduce(table)
    names = [column.name for column in rules.reduced_schema.columns]
    assert reduced.column_names == names
    assert not {"total", "net", "make", "cash", "card", "cheque", "shift", "team"} & set(names)
    assert len(names) == len(table.column_names) - 8 + 2
    assert rules.reduced_schema.constraints == ()


def test_any_combination_of_reduced_cells_makes_a_valid_row(rules: Rules, table: pa.Table) -> None:
    rng = np.random.default_rng(1)
    reduced = rules.reduce(table)
    mixed = pa.table(
        {n: reduced[n].take(pa.array(rng.permutation(len(table)))) for n in reduced.column_names}
    )
    restored = rules.restore(mixed)
    assert restored.schema.equals(table.schema)
    assert rules.valid(restored).all()
    assert all(mask.all() for _, mask in check(restored, CONSTRAINTS, table))
    assert rules.broken(restored) == {}


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("price", -1.0, "range"),
        ("total", 1e6, "formula"),
        ("cash", True, "one_hot"),
        ("make", "Volvo", "fixed_combinations"),
        ("team", "green", "fixed_combinations"),
    ],
)
def test_planted_violations_are_found(
    rules: Rules, table: pa.Table, column: str, value: Any, kind: str
) -> None:
    values = table[column].to_pylist()
    spot = next(i for i in range(3, len(values)) if values[i] is not None and values[i] != value)
    values[spot] = value
    planted = table.set_column(table.column_names.index(column), column, pa.array(values, table[column].type))
    assert np.flatnonzero(~rules.valid(planted)).tolist() == [spot]
    by_kind = {c.kind for c, mask in check(planted, CONSTRAINTS, table) if not mask.all()}
    assert kind in by_kind
    assert any(name.startswith(f"constraint {kind}") for name in rules.broken(planted))


def test_state_survives_json(rules: Rules, table: pa.Table) -> None:
    again = Rules.from_state(json.loads(json.dumps(rules.state())))
    assert again.reduce(table).equals(rules.reduce(table))
    assert again.restore(again.reduce(table)).equals(table)
    assert again.valid(table).all()
    assert again.reduced_schema == rules.reduced_schema


def test_state_holds_no_rare_value(describe, table: pa.Table) -> None:
    rare = table.slice(0, 1)
    rare = rare.set_column(3, "model", pa.array(["Unicum"])).set_column(10, "team", pa.array(["secret"]))
    both = pa.concat_tables([table, rare.cast(table.schema)]).combine_chunks()
    state = json.dumps(Rules.fit(both, describe(both, CONSTRAINTS), k=5).state())
    assert "Panda" in state
    assert "blue" in state
    assert "Unicum" not in state
    assert "secret" not in state


@pytest.mark.parametrize(
    "condition",
    [
        Condition("make", values=("Fiat",)),
        Condition("card", values=("1",)),
        Condition("team", values=("blue",)),
        Condition("shift", missing=True),
        Condition("quantity", low="5"),
        Condition("total", low="20"),
    ],
)
def test_translate(rules: Rules, table: pa.Table, condition: Condition) -> None:
    before, after = rules.translate([condition])
    reduced = rules.reduce(table)
    assert {c.column for c in before} <= set(reduced.column_names)
    both = meets(reduced, before) & meets(table, after)
    np.testing.assert_array_equal(both, meets(table, [condition]))
    if condition.column != "total":
        np.testing.assert_array_equal(meets(reduced, before), both)


def test_translate_leaves_other_columns_to_their_codecs(rules: Rules) -> None:
    condition = Condition("note", values=("31.12.2024",))
    assert rules.translate([condition]) == ([condition], [condition])
    condition = Condition("quantity", low="5")
    assert rules.translate([condition]) == ([condition], [])


def test_translate_refuses_what_cannot_be(rules: Rules) -> None:
    with pytest.raises(ConditionError, match="make"):
        rules.translate([Condition("make", values=("Volvo",))])
    with pytest.raises(ConditionError, match="total"):
        rules.translate([Condition("total", low="many")])
    with pytest.raises(ConditionError, match="no such column"):
        rules.translate([Condition("colour", values=("red",))])


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Condition("make", values=("fiat",)), r"make: has no value 'fiat'\. \d levels are known: '"),
        (Condition("make", values=("Fiat", "Volvo")), r"make: has no value 'Volvo'.*known"),
        (Condition("make", values=("Volvo",), negate=True), r"make: has no value 'Volvo'"),
        (Condition("team", values=("green",)), r"team: has no value 'green'.*'blue'"),
        (Condition("make", low="Fiat"), r"make: levels have no order"),
    ],
)
def test_translate_names_what_a_restored_column_holds(
    rules: Rules, condition: Condition, message: str
) -> None:
    with pytest.raises(ConditionError, match=message):
        rules.translate([condition])


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ([Condition("make", values=("Fiat",)), Condition("make", values=("Saab",))], "make"),
        ([Condition("total", high="5"), Condition("total", low="9")], "total"),
        ([Condition("total", high="5", strict_high=True), Condition("total", values=("5", 7))], "total"),
        ([Condition("total", missing=True), Condition("total", low="9")], "total"),
    ],
)
def test_translate_refuses_contradictions(rules: Rules, asked: list[Condition], where: str) -> None:
    with pytest.raises(ConditionError, match=f"^{where}: the conditions exclude each other"):
        rules.translate(asked)


def test_translate_puts_levels_in_their_own_order(describe, table: pa.Table) -> None:
    made = np.array(["mid", "low", "high"])[np.array(table["quantity"]) % 3]
    sized = table.append_column("size", pa.array(made)).append_column("grade", pa.array(made))
    fixed = Constraint(kind="fixed_combinations", columns=("grade", "size"), options={"determined": "size"})
    schema = describe(sized, (fixed,))
    order = {"type": "ordinal", "options": {"levels": ["low", "mid", "high"]}}
    columns = [c.model_copy(update=order) if c.name == "size" else c for c in schema.columns]
    ordered = Rules.fit(sized, schema.model_copy(update={"columns": tuple(columns)}))
    before, after = ordered.translate([Condition("size", low="mid")])
    assert set(before[0].values or ()) == set(after[0].values or ()) == {"mid", "high"}


def test_only_rules_on_the_columns_asked_for_are_said_to_be_broken(rules: Rules, table: pa.Table) -> None:
    wrong = table.set_column(table.column_names.index("price"), "price", pc.negate(table["price"]))
    assert any("range" in name for name in rules.broken(wrong))
    assert rules.broken(wrong, ["make"]) == {}
    assert any("range" in name for name in rules.broken(wrong, ["make", "price"]))


def test_reduce_known(rules: Rules, table: pa.Table) -> None:
    holes = pa.table({name: pa.nulls(2, table[name].type) for name in table.column_names})
    known = {"make": ["Saab", None], "card": [1, None], "team": ["red", None], "quantity": [None, 3]}
    for name, values in known.items():
        holes = holes.set_column(
            holes.column_names.index(name), name, pa.array(values, pa.array(values).type)
        )
    reduced = rules.reduce_known(holes)
    assert reduced["model"].to_pylist() == ["900", None]
    assert reduced["quantity"].to_pylist() == [None, 3]
    one_hot = next(name for name in reduced.column_names if name.startswith("__onehot"))
    assert reduced[one_hot].to_pylist() == ["card", None]
    fused = next(name for name in reduced.column_names if name.startswith("__fused"))
    assert reduced[fused].null_count == 1


def test_columns_that_fix_each_other_lose_only_one(describe) -> None:
    codes = np.arange(300) % 6
    table = pa.table({"name": [f"v{c}" for c in codes], "number": codes})
    both = [
        Constraint(kind="fixed_combinations", columns=("name", "number"), options={"determined": name})
        for name in ("number", "name")
    ]
    rules = Rules.fit(table, describe(table, both))
    assert rules.reduce(table).column_names == ["name"]
    assert rules.restore(rules.reduce(table)).equals(table)


def test_chains_of_every_kind(describe) -> None:
    code = np.arange(600) % 12
    table = pa.table(
        {
            "city": [f"v{c}" for c in code],
            "zone": code // 2,
            "zone_times_ten": code // 2 * 10,
            "country": [f"c{c // 4}" for c in code],
        }
    )
    chain = [
        Constraint(kind="fixed_combinations", columns=("zone", "country"), options={"determined": "country"}),
        Constraint(kind="fixed_combinations", columns=("city", "zone"), options={"determined": "zone"}),
        Constraint(
            kind="formula", columns=("zone_times_ten", "zone"), options={"operation": "sum", "weights": [10]}
        ),
    ]
    for order in (chain, chain[::-1]):
        rules = Rules.fit(table, describe(table, order))
        assert rules.reduce(table).column_names == ["city"]
        assert rules.restore(rules.reduce(table)).equals(table)
        before, _ = rules.translate([Condition("country", values=("c0",))])
        assert set(before[0].values or ()) == {"v0", "v1", "v2", "v3"}


def test_no_constraints(describe, table: pa.Table) -> None:
    rules = Rules.fit(table, describe(table))
    assert rules.reduce(table).equals(table)
    assert rules.restore(table).equals(table)
    assert rules.valid(table).all()


def test_emptied_cells_empty_others_in_turn(describe) -> None:
    def empties(left: str, right: str) -> Constraint:
        options = {"when": {"missing": True}, "then": {"missing": True}}
        return Constraint(kind="conditional", columns=(left, right), options=options)

    columns = ("left", "landed", "parked")
    generated = pa.table({"left": [None, 1], "landed": [2, None], "parked": [3, 3]})
    chain = [empties("left", "landed"), empties("landed", "parked")]
    for order in (chain, chain[::-1]):
        rules = Rules.fit(generated, describe(generated, order))
        restored = rules.restore(generated)
        assert [restored[name].to_pylist() for name in columns] == [[None, 1], [None, None], [None, None]]
        assert rules.valid(restored).all()
