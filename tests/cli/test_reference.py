"""The reference page says what the parsers say."""

from pathlib import Path

from podium.cli import catalog
from podium.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: python -m podium.cli.reference > docs/cli.md"


def test_every_command_and_option_is_there() -> None:
    text = reference()
    for name in catalog.names():
        assert f"\n## podium {name}\n" in text
    assert "`--inputs-file PATH`" in text and "### podium kv set" in text
