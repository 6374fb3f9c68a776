"""A hash of what a table holds."""

import hashlib

import numpy as np
import pandas as pd
from pandas import DataFrame

from sharewise.mixing._cells import date_cells, form_of, number_cells, text_cells


def content_hash(frame: DataFrame, *more: object) -> str:
    """Hash columns and settings: the same content gives the same text in any process and from any type of file.

    Args:
        frame: the columns that matter, in their order.
        more: settings whose `repr` says all.

    Example:
        >>> whole, gaps = DataFrame({"a": [1, 2]}), DataFrame({"a": [1.0, 2.0]})
        >>> content_hash(whole) == content_hash(gaps), content_hash(whole) == content_hash(whole, "more")
        (True, False)
    """
    digest = hashlib.sha256(repr(more).encode())
    for name in frame.columns:
        values = frame[name]
        form = form_of(values)
        digest.update(f"\x00{name}\x00{'number' if form == 'boolean' else form}\x00".encode())
        if form == "text":
            codes, words = pd.factorize(text_cells(values))
            digest.update("\x1f".join(words).encode())
            digest.update(codes.astype(np.int64).tobytes())
        else:
            numbers = date_cells(values).astype(np.int64) if form == "date" else number_cells(values)
            digest.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
    return digest.hexdigest()
