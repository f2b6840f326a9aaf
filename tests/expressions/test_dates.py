"""Dates: patterns, zones, reading and calculating."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.expressions import date_names
from podium.expressions.date_languages import LANGUAGES
from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render
from podium.expressions.zones import zone_of

WHEN = datetime(2024, 3, 5, 6, 7, 8, 123456, tzinfo=UTC)
CONTEXT: dict[str, Any] = {"when": WHEN, "day": date(2024, 3, 5), "text": "2024-03-05T06:07:08.123456Z"}


def shown(expression: str, zone: str = "UTC", **more: Any) -> str:
    services = FixtureServices(time_zone=zone_of(zone), moment=WHEN)
    result = render(f"{{{{ {expression} }}}}", {**CONTEXT, **more}, services)
    assert isinstance(result, str)
    return result


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "2024-03-05T06:07:08.123456Z"),
        ("yy M d H m s S SS SSS", "24 3 5 6 7 8 1 12 123"),
        ("MMM MMMM MMMMM E EEEE EEEEE", "Mar March M Tue Tuesday T"),
        ("hh:mm a, K, kk", "06:07 AM, 6, 06"),
        ("DDD D Q QQQ QQQQ", "065 65 1 Q1 1st quarter"),
        ("YYYY-'W'ww-e w W F", "2024-W10-3 10 2 1"),
        ("X XX XXX x xx xxx Z ZZZZ ZZZZZ O OOOO", "Z Z Z +00 +0000 +00:00 +0000 GMT Z GMT GMT"),
        ("VV z G u A n N", "UTC UTC AD 2024 22028123 123456000 22028123456000"),
        ("'it''s' ''yy [HH]", "it's '24 06"),
        ("pppppd|ppHH%", "    5|06%"),
        ("", ""),
    ],
)
def test_patterns(pattern: str, expected: str) -> None:
    assert shown("when | date(p)", p=pattern) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iso", "2024-03-05T07:07:08.123456+01:00"),
        ("iso_milli", "2024-03-05T07:07:08.123+01:00"),
        ("iso_sec", "2024-03-05T07:07:08+01:00"),
        ("sql", "2024-03-05 07:07:08.123456"),
        ("sql_seq", "2024-03-05 07:07:08"),
        ("iso_zoned_date_time", "2024-03-05T07:07:08.123456+01:00[Europe/Paris]"),
        ("iso_local_date", "2024-03-05"),
        ("iso_instant", "2024-03-05T06:07:08.123456Z"),
        ("iso_ordinal_date", "2024-065+01:00"),
        ("iso_week_date", "2024-W10-2+01:00"),
        ("rfc_1123_date_time", "Tue, 5 Mar 2024 07:07:08 +0100"),
        ("short", "3/5/24, 7:07\u202fAM"),
    ],
)
def test_named_formats(name: str, expected: str) -> None:
    assert shown(f"when | date('{name}', timeZone='Europe/Paris')") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1709618828, "2024-03-05T06:07:08.000000Z"),
        (1709618828123, "2024-03-05T06:07:08.123000Z"),
        (1709618828123456000, "2024-03-05T06:07:08.123456Z"),
        ("2024-03-05", "2024-03-05T00:00:00.000000Z"),
        ("2024-03-05T06:07", "2024-03-05T06:07:00.000000Z"),
        ("2024-03-05T07:07:08+01:00", "2024-03-05T06:07:08.000000Z"),
        ("2024-03-05T07:07:08+01:00[Europe/Paris]", "2024-03-05T06:07:08.000000Z"),
        (date(2024, 3, 5), "2024-03-05T12:00:00.000000Z"),
    ],
)
def test_what_dates_are_read_from(value: Any, expected: str) -> None:
    assert shown("v | date", v=value) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'2024-01-31' | dateAdd(1, 'MONTHS', 'yyyy-MM-dd')", "2024-02-29"),
        ("'2024-02-29' | dateAdd(-1, 'YEARS', 'yyyy-MM-dd')", "2023-02-28"),
        ("'2024-03-30T12:00' | dateAdd(1, 'DAYS', timeZone='Europe/Paris')", "2024-03-31T12:00:00.000000+02:00"),
        ("'2024-03-30T12:00' | dateAdd(24, 'HOURS', timeZone='Europe/Paris')", "2024-03-31T13:00:00.000000+02:00"),
        ("when | dateAdd('1.9', 'WEEKS') | date('d')", "12"),
        ("'05/03/24 07h' | date('iso_sec', existingFormat='dd/MM/yy HH\\'h\\'')", "2024-03-05T07:00:00Z"),
        ("'Mar 5, 2024 6:07 PM' | timestamp(existingFormat='MMM d, yyyy h:mm a')", "1709662020"),
        ("when | timestampMilli", "1709618828123"),
        ("(when | timestampNano) ~ ''", "1709618828123456000"),
        ("now('yyyy')", "2024"),
    ],
)
def test_calculating(expression: str, expected: str) -> None:
    assert shown(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'nope' | date", "Text 'nope' could not be parsed at index 0"),
        ("'2024-13-01' | date", "Invalid value for MonthOfYear (valid values 1 - 12): 13"),
        ("'2023-02-29' | date", "Invalid date 'February 29' as '2023' is not a leap year"),
        ("when | date('f')", "Unknown pattern letter: f"),
        ('when | date("yyyy\'")', "incomplete string literal"),
        ("when | date(timeZone='EST')", "Unknown time-zone ID: EST"),
        ("when | dateAdd(1, 'day')", "No enum constant java.time.temporal.ChronoUnit.day"),
        ("when | dateAdd(null, 'DAYS')", "Incorrect null format, must be a number"),
        ("when | dateAdd('x', 'DAYS')", "x can't be converted to long"),
        ("when | dateAdd(999999999, 'YEARS')", "out of range"),
        ("true | date", "got boolean"),
        ("when | date(locale='xx_YY')", "locale"),
    ],
)
def test_failures(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        shown(expression)
    assert message in failure.value.message


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([UTC, zone_of("Europe/Paris")]))
)
def test_what_is_written_is_read_again(moment: datetime) -> None:
    text = shown("v | date", v=moment)
    assert shown("v | date", v=text) == text
    assert shown("v | timestampMicro", v=text) == shown("v | timestampMicro", v=moment)
    own = shown("v | date('yyyy-MM-dd HH:mm:ss.SSSSSS Z')", v=moment)
    assert shown("v | date(existingFormat='yyyy-MM-dd HH:mm:ss.SSSSSS Z')", v=own) == text


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_the_names_built_in_are_those_of_babel(code: str) -> None:
    babel = pytest.importorskip("babel")
    language = LANGUAGES[code]
    for locale in (code, *(f"{code}_{region}" for region in language.regions)):
        names, built_in = date_names.BabelNames(babel.Locale.parse(locale)), date_names.BuiltInNames(locale, language)
        for width in (0, 1):
            assert [names.month(n, width) for n in range(1, 13)] == [built_in.month(n, width) for n in range(1, 13)]
            assert [names.weekday(n, width) for n in range(7)] == [built_in.weekday(n, width) for n in range(7)]
        assert names.month(3, 1, standalone=True) == built_in.month(3, 1, standalone=True)


def test_a_few_languages_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str, extra: str, need: str) -> Any:
        raise ExpressionError(f"{need} the Python package {module}, which is not installed")

    monkeypatch.setattr(date_names, "optional_package", absent)
    date_names.names_of.cache_clear()
    try:
        for template, expected in (
            ("{{ '2024-03-05' | date('EEEE d MMMM', locale='fr_FR') }}", "mardi 5 mars"),
            ("{{ '2024-03-05' | date('EEE d. MMM', locale='de-DE') }}", "Di. 5. März"),
            ("{{ '5 agosto 2024' | date('yyyy-MM-dd', existingFormat='d MMMM yyyy', locale='es') }}", "2024-08-05"),
            ("{{ '2024-03-05' | date('yyyy-MM-dd HH:mm', locale='nl') }}", "2024-03-05 00:00"),
        ):
            assert render(template, {}, FixtureServices()) == expected
        for locale, pattern in (
            ("fr_CA", "MMM"),
            ("pl", "MMM"),
            ("fr", "a"),
            ("fr", "MMMMM"),
            ("de", "LLL"),
            ("it", "w"),
        ):
            with pytest.raises(ExpressionError, match=f"The locale '{locale}' needs the Python package babel"):
                render(f"{{{{ '2024-03-05' | date('{pattern}', locale='{locale}') }}}}", {}, FixtureServices())
    finally:
        date_names.names_of.cache_clear()
