"""Adds up the amounts of a file of sales by one of its columns: sum_up.py COLUMN SOURCE TARGET."""

import csv
import sys
from collections import defaultdict
from pathlib import Path

from kestra import Kestra

column, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
sums: dict[str, float] = defaultdict(float)
with source.open(newline="") as file:
    for row in csv.DictReader(file):
        sums[row[column]] += float(row["amount"])
ordered = sorted(sums.items(), key=lambda pair: -pair[1])
with target.open("w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column, "amount"])
    writer.writerows((name, f"{amount:.2f}") for name, amount in ordered)
for name, amount in ordered:
    print(f"{name:<12} {amount:>10.2f}")
Kestra.outputs({"best": ordered[0][0] if ordered else "none", "groups": len(ordered)})
