"""Copies the usable rows of a file of sales: extract.py SOURCE TARGET."""

import csv
import os
import sys
from pathlib import Path

from kestra import Kestra


def usable(row: dict[str, str], minimum: float) -> bool:
    """Whether a row is complete and its amount is a number that is large enough."""
    try:
        return all(row.values()) and float(row["amount"]) >= max(minimum, 0.01)
    except ValueError:
        return False


source, target = map(Path, sys.argv[1:])
minimum = float(os.environ["MINIMUM"])
rows = rejected = 0
with source.open(newline="") as given, target.open("w", newline="") as kept:
    reader = csv.DictReader(given)
    writer = csv.DictWriter(kept, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    for row in reader:
        if usable(row, minimum):
            writer.writerow(row)
            rows += 1
        else:
            rejected += 1
            print(f"line {reader.line_num} is left out: {','.join(row.values())}", file=sys.stderr)
print(f"{rows} of {rows + rejected} sales")
Kestra.outputs({"rows": rows, "rejected": rejected})
Kestra.counter("rows", rows)
