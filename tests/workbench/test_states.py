"""States in the colours of the theme."""

from podium.base.looks import symbol
from podium.engine.states import ALL_STATES
from podium.workbench.states import state_content


def test_a_state_is_symbol_and_word() -> None:
    for state in ALL_STATES:
        assert state_content(state).plain == f"{symbol(state)} {state}"
    assert state_content("SUCCESS", word=False, ascii_only=True).plain == "+"
