"""The templates of reports, with the filters that all of them use."""

from pathlib import Path

import jinja2

from sharewise.study._charts_fit import is_number
from sharewise.study._numbers import count, decimals, duration, many_of, number, share


def pages() -> jinja2.Environment:
    """The templates of this room."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sharewise.study", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(number=number, count=count, duration=duration, decimals=decimals, share=share)
    environment.filters.update(many_of=many_of, numeric=is_number)
    return environment


def style() -> str:
    """The style sheet of all reports."""
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")
