"""The page about the workbench names the keys that there are."""

from pathlib import Path

from podium.workbench.key_reference import GROUPS, key_tables

PAGE = Path(__file__).parents[2] / "docs" / "workbench.md"


def test_the_page_is_current() -> None:
    message = "Bindings changed: run `python -m podium.workbench.key_reference docs/workbench.md`."
    assert PAGE.read_text(encoding="utf-8").partition("## Keys\n\n")[2] == key_tables(), message


def test_no_two_keys_of_one_widget_are_the_same() -> None:
    for _, classes in GROUPS:
        for cls in classes:
            keys = [key for binding in cls.BINDINGS for key in binding.key.split(",")]  # type: ignore[union-attr] # Bindings
            assert len(keys) == len(set(keys)), cls


def test_every_binding_has_a_name_for_key_maps() -> None:
    for _, classes in GROUPS:
        for cls in classes:
            nameless = [one for one in cls.BINDINGS if one.description and not one.id]  # type: ignore[union-attr]
            assert nameless == [], cls
