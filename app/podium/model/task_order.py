"""Which task runs before which, as far as the text of a flow says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Order = Literal["earlier", "later", "own", "unordered", "excluded", "unknown"]
"""`later` can never have run, `own` is the task itself, `unordered` may run at the same time, `excluded` runs only
when this task does not."""

_BLOCKS = ("tasks", "errors", "finally", "afterExecution", "listeners")
_AT_ONCE = frozenset({"Parallel", "EachParallel"})
_EITHER_OR = frozenset({"If", "Switch"})
_LOOPS = frozenset({"ForEach", "EachSequential", "EachParallel", "Loop", "LoopUntil", "WaitFor", "ForEachItem"})
_VALUED = frozenset({"ForEach", "EachSequential", "EachParallel"})
_READS_FIRST = frozenset(
    {"If", "Switch", "Sequential", "Parallel", "Dag", "AllowFailure", "WorkingDirectory", "Pause"}
    | {"ForEach", "EachSequential", "EachParallel"}
)
"""Flowables whose properties are evaluated before the tasks inside them run."""


@dataclass(slots=True, eq=False)
class TaskSite:
    """One task in the tree of a flow: its holder, the branch it stands in and its position there.

    `waits_for` are the ids it depends on in a Dag, None elsewhere.
    """

    id: str
    type: str
    parent: TaskSite | None
    branch: str
    index: int
    waits_for: tuple[str, ...] | None = None
    children: list[TaskSite] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The last part of the type name."""
        return self.type.rpartition(".")[2]

    def ancestors(self) -> Iterator[TaskSite]:
        """The tasks around it, the nearest first."""
        site = self.parent
        while site is not None:
            yield site
            site = site.parent

    @property
    def standing(self) -> TaskSite:
        """The task in whose place expressions are evaluated: in a WorkingDirectory the directory itself."""
        holder = self.parent
        return holder if holder is not None and holder.kind == "WorkingDirectory" and self.branch == "tasks" else self

    @property
    def iterated(self) -> TaskSite | None:
        """The task that has the value of the iteration: the one around or this one that stands right in the loop.

        None outside loops, and where only a run can tell.
        """
        site = self.standing
        for above in site.ancestors():
            if above.kind in _LOOPS:
                return site if above.kind in _VALUED and site.branch == "tasks" else None
            site = above
        return None

    @property
    def outside_loops(self) -> bool:
        """Whether there is no iteration: neither around it nor one that it makes itself."""
        return self.kind not in _LOOPS and not self.in_loop

    @property
    def in_loop(self) -> bool:
        """Whether it runs several times, so that its outputs are kept by iteration."""
        return any(site.kind in _LOOPS for site in self.ancestors())


def order(target: TaskSite, reader: TaskSite) -> Order:
    """When `target` runs, seen from `reader`."""
    if target is reader:
        # The rounds of a LoopUntil are counted while it runs.
        return "unknown" if reader.kind in ("LoopUntil", "WaitFor") else "own"
    around_reader, around_target = _line(reader), _line(target)
    if reader in around_target:
        return "later" if reader.kind in _READS_FIRST else "unknown"
    if target in around_reader:
        return "unknown"
    depth = 0
    while around_reader[depth] is around_target[depth]:
        depth += 1
    mine, other = around_reader[depth], around_target[depth]
    if any(site.kind in _LOOPS for site in around_reader[:depth]):
        # Another iteration may have run it before.
        return "unknown"
    return _siblings(other, mine)


def _line(site: TaskSite) -> list[TaskSite]:
    """From the outermost task around it down to the task itself."""
    return [*reversed(list(site.ancestors())), site]


def _siblings(target: TaskSite, reader: TaskSite) -> Order:
    holder = reader.parent
    if target.branch != reader.branch:
        if reader.branch in _BLOCKS and target.branch in _BLOCKS:
            later = _BLOCKS.index(target.branch) > _BLOCKS.index(reader.branch)
            return "later" if later else "earlier"
        if target.branch in ("errors", "finally"):
            return "later"
        if holder is not None and holder.kind in _EITHER_OR and reader.branch not in ("errors", "finally"):
            return "excluded"
        return "earlier" if reader.branch in ("errors", "finally") else "unknown"
    if holder is not None and holder.kind in _AT_ONCE:
        return "unordered"
    if holder is not None and holder.kind == "Dag":
        return "earlier" if _waits(reader, target, holder) else "unordered"
    return "earlier" if target.index < reader.index else "later"


def _waits(reader: TaskSite, target: TaskSite, dag: TaskSite) -> bool:
    """Whether the entry of a Dag depends on the other one, perhaps through others."""
    known = {site.id: site for site in dag.children}
    pending, seen = [reader.id], {reader.id}
    while pending:
        site = known.get(pending.pop())
        for name in (site.waits_for or ()) if site is not None else ():
            if name == target.id:
                return True
            if name not in seen:
                seen.add(name)
                pending.append(name)
    return False
