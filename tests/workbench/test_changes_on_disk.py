"""What other programs do is told, whenever they do it: before, while and after a folder begins to be watched."""

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from podium.workbench.files.changes_on_disk import FolderWatch, News
from podium.workbench.files.entries import Listing, list_folder

PATIENCE = 30.0


class Watched:
    """A folder with a flow and a script, a watch that is not started, and what it told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "flows").mkdir()
        (root / "job.py").write_text("1\n")
        self.told: Queue[News] = Queue()
        self.watch = FolderWatch(root, self.told.put)
        self.read = list_folder(root, "")

    def start(self, read: Listing | None = None) -> None:
        self.watch.watch({""}, read or self.read)
        self.watch.start()

    def next(self) -> News:
        return self.told.get(timeout=PATIENCE)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.watch.stop()


def paths(listing: Listing) -> set[str]:
    return {entry.path for entry in listing.entries}


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda root: (root / "new.py").write_text(""), {"flows", "job.py", "new.py"}),
        (lambda root: (root / "job.py").unlink(), {"flows"}),
        (lambda root: (root / "job.py").write_text("22\n"), {"flows", "job.py"}),
    ],
    ids=["made", "removed", "written"],
)
def test_what_happened_before_the_watch_began_is_told(
    watched: Watched, change: Callable[[Path], object], left: set[str]
) -> None:
    change(watched.root)
    watched.start()
    (listing,) = watched.next().listings
    assert listing.folder == ""
    assert paths(listing) == left


def test_a_folder_as_it_was_read_is_not_told_again(watched: Watched) -> None:
    (watched.root / "flows/inside.yaml").write_text("id: a\nnamespace: b\n")  # the folder above did not change by that
    watched.start()
    (watched.root / "late.py").write_text("")
    seen = watched.next()
    while not seen.changes:  # the file may have come before the watch did: then the folder is told once
        assert "late.py" in paths(seen.listings[0])
        (watched.root / "late.py").write_text("again")
        seen = watched.next()
    assert [path for path, _ in seen.changes] == ["late.py"]


def test_every_change_is_told_while_the_watched_folders_change(watched: Watched) -> None:
    watched.start()
    names: set[str] = set()
    for number in range(20):
        folder = f"flows/f{number}"
        (watched.root / folder).mkdir()
        names.add(f"flows/f{number}/x.py")
        watched.watch.watch({"", "flows", *(f"flows/f{n}" for n in range(number + 1))})
        (watched.root / folder / "x.py").write_text("")
    told: set[str] = set()
    while not names <= told:
        news = watched.next()
        told |= {path for path, _ in news.changes}.union(*(paths(listing) for listing in news.listings))


def test_a_folder_that_is_gone_does_not_stop_the_others(watched: Watched) -> None:
    watched.watch.watch({"", "nowhere"}, watched.read)
    watched.watch.start()
    (watched.root / "new.py").write_text("")
    while True:
        news = watched.next()
        if "new.py" in {path for path, _ in news.changes}.union(*(paths(one) for one in news.listings)):
            return
