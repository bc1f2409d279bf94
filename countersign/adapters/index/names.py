"""What names there are in an index: to list them where somebody asks for one that there is not."""

from countersign.adapters.index.index import Index
from countersign.adapters.index.schema import COLUMNS, NAMED


def names(index: Index, kind: str) -> list[str]:
    """Give every value of a column of records, or every word of a kind, in order.

    Raises:
        LedgerFault: the index can neither be read nor made anew.
    """
    if kind in NAMED:
        found = index.figures("SELECT word FROM word WHERE kind = ? ORDER BY word", (kind,))
    else:
        column = COLUMNS[COLUMNS.index(kind)]
        found = index.figures(f"SELECT DISTINCT {column} FROM record WHERE {column} IS NOT NULL ORDER BY 1")  # noqa: S608 - our names
    return [str(value) for (value,) in found]
