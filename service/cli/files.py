"""Files that are named on the command line."""

from pathlib import Path
from typing import BinaryIO

from demand.errors import Invalid, NotFound


def open_file(path: Path) -> BinaryIO:
    """The file, opened for reading bytes.

    Raises:
        NotFound: there is no such file.
        Invalid: it cannot be read.
    """
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}; check the path") from error
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error
