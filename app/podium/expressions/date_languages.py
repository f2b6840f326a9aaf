"""Names of months and days in the languages that come without a package: what flows print most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Language:
    """`regions` are those whose names are exactly these. Months count from January, days from Monday."""

    regions: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]


def _language(regions: str, months: str, short_months: str, days: str, short_days: str) -> Language:
    return Language(*(tuple(text.split()) for text in (regions, months, short_months, days, short_days)))


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "de": _language(
            "DE",
            "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
            "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
            "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
            "Mo. Di. Mi. Do. Fr. Sa. So.",
        ),
        "es": _language(
            "ES",
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "ene feb mar abr may jun jul ago sept oct nov dic",
            "lunes martes miércoles jueves viernes sábado domingo",
            "lun mar mié jue vie sáb dom",
        ),
        "fr": _language(
            "FR BE",
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
            "lundi mardi mercredi jeudi vendredi samedi dimanche",
            "lun. mar. mer. jeu. ven. sam. dim.",
        ),
        "it": _language(
            "IT",
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
            "gen feb mar apr mag giu lug ago set ott nov dic",
            "lunedì martedì mercoledì giovedì venerdì sabato domenica",
            "lun mar mer gio ven sab dom",
        ),
        "nl": _language(
            "NL BE",
            "januari februari maart april mei juni juli augustus september oktober november december",
            "jan feb mrt apr mei jun jul aug sep okt nov dec",
            "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
            "ma di wo do vr za zo",
        ),
        "pt": _language(
            "BR",
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
            "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
            "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
            "seg. ter. qua. qui. sex. sáb. dom.",
        ),
    }
)


def language_of(locale: str) -> Language | None:
    """The names for `fr`, `fr_FR` or `fr-FR`; None for a language or region that is not among them."""
    code, _, region = locale.replace("-", "_").partition("_")
    language = LANGUAGES.get(code.lower())
    return language if language is not None and (not region or region.upper() in language.regions) else None
