"""Optional packages: rarely needed, or too heavy for the base install."""

from __future__ import annotations

import importlib
from typing import Any

from podium.expressions.errors import ExpressionError


def optional_package(module: str, extra: str, need: str) -> Any:
    """The module. Raises `ExpressionError` that says how to get it; `need` begins the sentence."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ExpressionError(
            f"{need} the Python package {module.split('.')[0] if extra != 'ion' else 'amazon.ion'}, "
            "which is not installed",
            suggestion=f"Install it with `pip install 'podium[{extra}]'`",
        ) from None
