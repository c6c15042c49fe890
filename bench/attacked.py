"""The dossier of every family as it is by default: attacks, canaries and the verdict, beside the goals.

Usage: python bench/attacked.py [options]. Writes its section of docs/benchmarks.md; about an hour for all.
"""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

import page
import pieces
import results
from contest import compete, say
from systems import REVERIE, installed, with_families
from tables import Halves, available, halves

TITLE = "Privacy of each family"
DATA = ("adult", "online_shoppers")
MEMBERSHIP, RISK, NEARER = 0.52, 0.02, 0.015
"""Goals: the upper end of an AUC, a risk, and how far the share of nearer rows may be from a half."""
RISKS = ("singling_out_univariate", "singling_out_multivariate", "linkability", "inference")
TEXT = """## {title}

`reverie privacy --canaries` of each family as it is by default, critic included. Goals: the AUC of telling
who was learned from at most {membership} with its 95 % interval, risks of singling out, linking and inferring
above control at most {risk}, the share of rows nearer to a training row than to an unseen one .5 +- {nearer},
no canary found. `worst risk` names the attack; its interval is in brackets. What misses its goal is bold.

"""


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=list(available()), default=list(DATA))
    parser.add_argument("--families", nargs="*", choices=installed(), default=installed())
    parser.add_argument("--again", action="store_true", help="run again what ran before")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that one command may take")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    return parser.parse_args()


def main() -> None:
    """Fit, attack, and write after every family."""
    given, rows = parse(), []
    for name in given.data:
        data = halves(name)
        for key, system in with_families(given.families).items():
            if key.endswith("-fast"):
                continue
            told: dict[str, Any] = {"judge": None, "limit": given.limit, "cache": not given.again}
            run = compete(key, system, data, **told, rate=False, own=False)
            if not run.failure:
                rows.append(_row(system.name, data, _dossier(key, system, data)))
            table = page.table(
                ["data", "", "verdict", "membership", "worst risk", "nearer", "canaries"], rows
            )
            pieces.put(given.page, _text() + table)
    say(f"written: section '{TITLE}' of {given.page}")


def _text() -> str:
    return TEXT.format(title=TITLE, membership=MEMBERSHIP, risk=RISK, nearer=NEARER)


def _dossier(key: str, system: Any, data: Halves) -> dict[str, Any]:
    model = results.model_of(key, system, data)
    out = results.folder(key, data) / "dossier.json"
    if not out.exists():
        say(f"{data.name}: dossier of {key}")
        command = [REVERIE, "privacy", model, data.train, "--holdout", data.holdout]
        command += ["--canaries", "--json", out]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
        if done.returncode:
            return {"error": (done.stderr.strip().splitlines() or ["failed"])[-1]}
    return json.loads(out.read_text())


def _row(system: str, data: Halves, found: dict[str, Any]) -> list[str]:
    if "error" in found:
        return [data.name, system, found["error"], *[page.DASH] * 4]
    measures = found["measures"]
    areas = [measures[name] for name in ("membership_density", "membership_distance") if name in measures]
    area = max(areas, key=lambda one: one["high"])
    name = max((one for one in RISKS if one in measures), key=lambda one: measures[one]["value"])
    risk, share = measures[name], measures["dcr_share"]["value"]
    canaries = sum(one["leaked"] for one in found["canaries"])
    return [
        data.name,
        system,
        found["verdict"],
        _bold(_interval(area), area["high"] > MEMBERSHIP),
        _bold(f"{name}: {_interval(risk)}", risk["value"] > RISK),
        _bold(f"{share:.3f}", abs(share - 0.5) > NEARER),
        _bold("found" if canaries else "none", canaries > 0),
    ]


def _interval(one: dict[str, float]) -> str:
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"


def _bold(text: str, missed: bool) -> str:
    return f"**{text}**" if missed else text


if __name__ == "__main__":
    main()
