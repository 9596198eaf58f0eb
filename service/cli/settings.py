"""Settings for commands: from the environment, with what the command line says on top."""

from typing import Any

from pydantic import ValidationError

from demand.errors import Invalid
from service.settings import PREFIX, Settings


def read_settings(**overrides: Any) -> Settings:
    """The settings; options that were not given do not override.

    Raises:
        Invalid: a variable or an option cannot be used, with its name.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "the settings"
        raise Invalid(f"{name} ({PREFIX}{name.upper()}): {first['msg'].removeprefix('Value error, ')}") from error
    settings.prepare()
    return settings
