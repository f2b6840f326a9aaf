"""Loads sums into tables of a SQLite database: load.py DATABASE FILE..."""

import csv
import os
import sqlite3
import sys
from pathlib import Path

from kestra import Kestra

if os.environ.get("FAIL") == "true":
    sys.exit("The database is not there yet.")
database, *files = map(Path, sys.argv[1:])
total = 0.0
with sqlite3.connect(database) as connection:
    for file in files:
        table = file.stem
        with file.open(newline="") as lines:
            rows = [(row[table], float(row["amount"])) for row in csv.DictReader(lines)]
        connection.execute(f"CREATE TABLE {table} (name TEXT PRIMARY KEY, amount REAL NOT NULL)")
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        total = sum(amount for _, amount in rows)
        print(f"{len(rows)} rows in table {table}")
connection.close()
Kestra.outputs({"total": round(total, 2)})
