"""Tables in parquet files, read without belief in what they say of themselves."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pyarrow import parquet

from nas.common.artefacts import DamageError, short

_MOST_ROWS = 10**8


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a table.

    Args:
        path: file of the table.
        columns: names of the columns to read; None for all.

    Raises:
        DamageError: the file is no parquet file, has other columns, or more rows than can be.
        FileNotFoundError: there is no such file.
    """
    try:
        with parquet.ParquetFile(path) as file:
            # A column of one value takes no space, whatever the number of rows.
            if file.metadata.num_rows > _MOST_ROWS:
                raise DamageError(f"more than {_MOST_ROWS:,} rows")
            table = file.read(None if columns is None else list(columns))
        # What pandas left in the file is JSON that nobody checked, and decides nothing.
        frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
        return frame if columns is None else frame[list(columns)]
    except FileNotFoundError:
        raise
    # The errors of pyarrow are among these.
    except (OSError, ValueError, TypeError, LookupError, NotImplementedError) as error:
        raise DamageError(short(error)) from error
