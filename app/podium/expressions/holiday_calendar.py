"""Public holidays, from the optional `holidays` package."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.expressions.extras import optional_package


def is_holiday(day: date, country: str, region: str | None) -> bool:
    """Whether it is a holiday in the country or one of its regions. Raises `ExpressionError`."""
    return day in _holidays(country.upper(), region.upper() if region else None, day.year)


@lru_cache(maxsize=50)
def _holidays(country: str, region: str | None, year: int) -> Any:
    holidays = optional_package("holidays", "holidays", "Public holidays need")
    try:
        return holidays.country_holidays(country, subdiv=region, years=year)
    except (NotImplementedError, KeyError):
        where = f"'{country}'" if region is None else f"'{country}' with the region '{region}'"
        raise ExpressionError(f"No public holidays are known for the country {where}") from None
