"""Run sdmetrics' QualityReport on two Parquet files and print its scores as JSON.

usage: PYTHON_OF_SDMETRICS_ENV tools/sdmetrics_report.py REAL.parquet FAKE.parquet KINDS.json
KINDS maps each column to numerical, datetime or categorical.
"""

import json
import sys
import warnings

import pandas as pd

warnings.filterwarnings("ignore")


def main() -> None:
    from sdmetrics.reports.single_table import QualityReport

    real, fake = (pd.read_parquet(path) for path in sys.argv[1:3])
    with open(sys.argv[3]) as file:
        kinds = json.load(file)
    report = QualityReport()
    metadata = {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}
    report.generate(real[list(kinds)], fake[list(kinds)], metadata, verbose=False)
    scores = report.get_properties().set_index("Property")["Score"]
    details = {
        name: json.loads(report.get_details(name).to_json(orient="records", double_precision=15))
        for name in scores.index
    }
    print(json.dumps({"scores": json.loads(scores.to_json(double_precision=15)), "details": details}))  # noqa: T201


if __name__ == "__main__":
    main()
