import base64
import hashlib
import re

import pytest
from jinja2 import UndefinedError

from reverie.reports.html import policy, render


def test_a_missing_value_is_an_error_not_a_gap():
    with pytest.raises(UndefinedError):
        render("report.html.j2", title="t")


def test_policy_names_the_script_by_its_hash():
    digest = base64.b64encode(hashlib.sha256(b"let x").digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy("let x")


def test_the_script_in_the_page_is_the_one_allowed(evaluation):
    from reverie.reports.build import build

    text = build(evaluation)
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert digest in text.replace("&#43;", "+").replace("&#39;", "'")
