"""Run conformance cases: `python tests/conformance/run.py MANIFEST [--area A] [--case ID] [-j N]`.

Every case gets a fresh workspace and a process of its own. Prints one line per failing case and closes with
`N passed, M failed, K skipped`; what differs only from `expect_derived` is told apart and does not count. The cases
are data from outside; their format is described where they come from.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

if __name__ == "__main__":
    home = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(home / "app"), str(home / "tests" / "plugins")]
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])

from manifest import Case, load
from surroundings import prepare


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: str
    area: str
    skipped: str = ""
    problems: tuple[str, ...] = ()
    derived: tuple[str, ...] = field(default=())


def outcome(case: Case) -> Outcome:
    """Run one case in this process."""
    area = f"{case.raw.get('kind')}/{case.raw.get('area')}"
    skipped = case.skipped()
    if skipped:
        return Outcome(case.id, area, skipped=skipped)
    root = Path(tempfile.mkdtemp(prefix="conformance-"))
    try:
        problems, derived = _differences(case, root)
        return Outcome(case.id, area, "", tuple(problems), tuple(derived))
    except Exception as error:  # a case that breaks the runner fails like any other
        return Outcome(case.id, area, problems=(_told(error),))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _told(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno} in {place.name})"


def _differences(case: Case, root: Path) -> tuple[list[str], list[str]]:
    from podium.tasks.registry import default_registry

    paths = prepare(case, root)
    registry = default_registry(("conformance_types",))
    if case.raw["kind"] == "validate":
        from validation import validation_problems

        return list(validation_problems(case, paths, root, registry)), []
    from operations import played

    return played(case, paths, root, registry)


def outcomes(cases: list[Case], jobs: int) -> Iterator[Outcome]:
    """All cases, in order, each in a fresh process."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(_apart, cases)


def _apart(case: Case) -> Outcome:
    reader, writer = multiprocessing.get_context("fork").Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: writer.send(outcome(case)))
    process.start()
    try:
        if reader.poll(120):
            return reader.recv()
        return Outcome(case.id, str(case.raw.get("area")), problems=("no answer within two minutes",))
    finally:
        process.kill()
        process.join()


def judged(outcome: Outcome, known: Mapping[str, str]) -> Outcome:
    """The outcome seen with the list of known failures: such a failure is skipped, such a pass is a failure."""
    if outcome.case not in known or outcome.skipped:
        return outcome
    if outcome.problems:
        return replace(outcome, problems=(), skipped=f"known: {known[outcome.case]}")
    return replace(outcome, problems=("it passes, but is listed as a known failure",))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--area", help="only cases of this area")
    parser.add_argument("--kind", help="only cases of this kind")
    parser.add_argument("--case", action="append", help="only this case; may be repeated")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="how many cases at a time")
    parser.add_argument("-v", "--verbose", action="store_true", help="also name what passed and what was skipped")
    parser.add_argument("--known", type=Path, help="JSON: case id -> reason of a failure that is expected")
    options = parser.parse_args()
    known = json.loads(options.known.read_text("utf-8")) if options.known else {}
    cases = [
        case for case in load(options.manifest)
        if (not options.area or case.raw["area"] == options.area)
        and (not options.kind or case.raw["kind"] == options.kind)
        and (not options.case or case.id in options.case)
    ]  # fmt: skip
    passed = failed = skipped = derived = 0
    for each in (judged(one, known) for one in outcomes(cases, options.jobs)):
        passed += not each.skipped and not each.problems
        failed += bool(each.problems)
        skipped += bool(each.skipped)
        derived += bool(each.derived)
        if each.problems:
            print(f"FAIL {each.case} ({each.area}): {'; '.join(each.problems)}", flush=True)
        elif options.verbose:
            print(f"{'SKIP' if each.skipped else 'ok  '} {each.case} {each.skipped}", flush=True)
        if each.derived:
            print(f"derived {each.case}: {'; '.join(each.derived)}", flush=True)
    if derived:
        print(f"{derived} differ from what was derived")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
