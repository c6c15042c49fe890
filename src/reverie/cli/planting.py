"""`reverie privacy --canaries`: a fit to rows with secrets, and a search of all that it left.

Every step is a command of its own, as a user would run it, in a folder where its temporary files are too.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reverie.cli import terminal

if TYPE_CHECKING:
    from reverie.core.dataset import Dataset
    from reverie.evaluation.canaries import Planted
    from reverie.evaluation.dossier import Sought
    from reverie.synthesizer import Synthesizer

MODEL, FAKE, REPORT = "model.reverie", "fake.parquet", "report.html"


def search(model: str, real: "Dataset", holdout: "Dataset", seed: int) -> "tuple[Sought, ...]":
    """What of secrets that were planted in `real` comes out of a model fitted as `model` was.

    Raises ReverieError: too few rows, or the fit fails.
    """
    from reverie.evaluation.canaries import plant
    from reverie.synthesizer import load

    made = load(model)
    planted = plant(real.single()[1], made.schema_, seed=seed)
    terminal.say(f"Fitting {made.family_} again, to rows with planted secrets ...", error=True)
    with TemporaryDirectory(prefix="reverie-canaries-") as place:
        return _Search(Path(place), made, planted).run(holdout, seed)


class _Search:
    """A folder with `given`, which holds the secrets, and `left`, in which nothing may hold them."""

    def __init__(self, place: Path, made: "Synthesizer", planted: "Planted") -> None:
        self.given, self.left = place / "given", place / "left"
        self.scratch = self.left / "temporary"
        self.given.mkdir()
        self.scratch.mkdir(parents=True)
        self.made, self.planted = made, planted
        self.said: list[bytes] = []

    def run(self, holdout: "Dataset", seed: int) -> "tuple[Sought, ...]":
        import pyarrow.parquet as pq

        from reverie.evaluation import canaries

        real, unseen = self.given / "real.parquet", self.given / "unseen.parquet"
        pq.write_table(self.planted.table, real)
        pq.write_table(holdout.single()[1].select(self.planted.table.column_names), unseen)
        self._call(*self._fit(real))
        self._call("inspect", MODEL, "--entries")
        self._call("sample", MODEL, "-o", FAKE, "--seed", str(seed))
        rows = pq.read_table(self.left / FAKE)
        # Rows are looked at cell by cell; as a compressed file they would hide what they hold.
        (self.left / FAKE).unlink()
        pq.write_table(rows, self.given / FAKE)
        self._call("evaluate", str(real), str(self.given / FAKE), "--holdout", str(unseen), "-o", REPORT)
        errors = self._mistakes(real)
        model = canaries.unpacked((self.left / MODEL).read_bytes())
        (self.left / MODEL).unlink()
        report = [(self.left / REPORT).read_bytes()]
        (self.left / REPORT).unlink()
        files = {"the model": model, "the report": report, "what was said": self.said, "errors": errors}
        return canaries.sought(self.planted, rows, {**files, "files left over": canaries.contents(self.left)})

    def _fit(self, real: Path) -> list[str]:
        made = self.made
        command = ["fit", str(real), "-o", MODEL, "--model", made.family_, "--seed", str(made.seed_)]
        command += ["--json", "fit.json", "--k", str(made.k), "--checkpoint", "checkpoint"]
        command += ["--outliers", str(made.outliers)] if made.outliers else []
        command += ["--max-rows", str(made.max_rows)] if made.max_rows else []
        command += ["--budget", f"{made.budget:g}s"] if isinstance(made.budget, float | int) else []
        schema = self.given / "schema.json"
        schema.write_text(_typed(made), encoding="utf-8")
        command += ["--schema", str(schema)]
        if made.model_.privacy is not None:
            promise = made.model_.privacy
            command += ["--epsilon", str(promise["epsilon"]), "--delta", str(promise["delta"])]
            if promise.get("unit"):
                command += ["--privacy-unit", str(promise["unit"]), "--unit-rows", str(promise["most"])]
        return command

    def _mistakes(self, real: Path) -> list[bytes]:
        """What is said when the data are not what they should be: no cell's value may be in it."""
        wrong = self.given / "wrong.json"
        wrong.write_text(_mistyped(self.made), encoding="utf-8")
        found = [self._run("fit", str(real), "-o", "never.reverie", "--schema", str(wrong))]
        found.append(self._run("evaluate", str(real), str(self.given / FAKE), "--target", "no such column"))
        return [one.stdout + one.stderr for one in found]

    def _call(self, *arguments: str) -> None:
        from reverie.core.errors import DataError

        done = self._run(*arguments)
        self.said += [done.stdout, done.stderr]
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            what = f"'reverie {arguments[0]}' failed: {said[-1] if said else 'nothing was said'}"
            raise DataError(what, where="--canaries", fix="See that it works on the real table")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        places = {"TMPDIR": str(self.scratch), "TEMP": str(self.scratch), "TMP": str(self.scratch)}
        environment = {**os.environ, **places, "REVERIE_LEDGER": str(self.left / "ledger.json")}
        command: Sequence[str] = [sys.executable, "-m", "reverie", *arguments]
        return subprocess.run(command, cwd=self.left, env=environment, capture_output=True, check=False)


def _typed(made: "Synthesizer") -> str:
    """The model's schema without its rules, which the secrets break."""
    from reverie.schema.types import Schema

    return Schema(tables=(made.schema_.model_copy(update={"constraints": ()}),)).to_json()


def _mistyped(made: "Synthesizer") -> str:
    """The schema with every column an integer: what holds text is refused."""
    from reverie.schema.types import Schema

    columns = tuple(one.model_copy(update={"type": "integer", "options": {}}) for one in made.schema_.columns)
    return Schema(tables=(made.schema_.model_copy(update={"columns": columns, "constraints": ()}),)).to_json()
