"""What every reader of files yields: rows as they stand in the file, not yet checked."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pandas as pd

from demand.errors import Invalid, TooLarge
from demand.tidy import Rejection

ROWS_PER_BATCH = 50_000
LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class RawBatch:
    """Rows of a file, read together.

    Attributes:
        rows: a column `line` and some of the tidy columns.
        rejections: the first `REJECTIONS_TOLD` of the rows that could not be taken apart at all.
        unexplained: how many more could not.
    """

    rows: pd.DataFrame
    rejections: tuple[Rejection, ...] = ()
    unexplained: int = 0


def text_lines(stream: io.BufferedIOBase | BinaryIO) -> Iterator[str]:
    """The lines of a UTF-8 file with their ends, without a byte order mark, holding one line at a time.

    Raises:
        Invalid: a line is not UTF-8.
        TooLarge: a line is longer than a mebibyte.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) > LONGEST_LINE_BYTES:
            raise TooLarge(
                f"line {number} is longer than {LONGEST_LINE_BYTES:,} bytes; end each row with a line feed, and check "
                "that the format is the one that was named"
            )
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise Invalid(
                f"line {number} holds the byte 0x{line[error.start]:02x} at position {error.start + 1}, which is not "
                "UTF-8; save the file as UTF-8"
            ) from error
