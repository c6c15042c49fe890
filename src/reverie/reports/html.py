"""Templates to one HTML text that loads nothing: styles and script inside, a policy that forbids requests."""

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from reverie.reports.axes import write

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """The template of that name filled in; everything that comes from data is escaped."""
    script, style = _read("script.js"), _read("style.css")
    return (
        _environment()
        .get_template(template)
        .render(script=script, style=style, policy=policy(script), **values)
    )


def policy(script: str) -> str:
    """A Content-Security-Policy that allows this one script, what is inside the page, and no request."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "media-src": "data:",
        "script-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reverie.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "figure": write, "width": _width}
    compact = {"sort_keys": False, "separators": (",", ":"), "ensure_ascii": False}
    environment.policies["json.dumps_kwargs"] = compact
    return environment


def _read(name: str) -> str:
    return (resources.files("reverie.reports") / "templates" / name).read_text("utf-8")


def _percent(share: float | None) -> str:
    if share is None:
        return "under 5 rows"
    return f"{100 * share:.1f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.2f} %"


def _width(share: float | None, top: float = 1.0) -> str:
    # A CSS percentage; a share that may not be shown is drawn as none.
    return f"{min(100.0, 100 * (share or 0.0) / (top or 1.0)):.2f}%"
