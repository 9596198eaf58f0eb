"""Settings for commands: from the environment, with what the command line says on top."""

from typing import Any

from service.settings import Settings


def read_settings(**overrides: Any) -> Settings:
    """The settings, with a folder for the store; options that were not given do not override.

    Raises:
        Invalid: a variable or an option cannot be used, with its name.
    """
    settings = Settings.read(**{name: value for name, value in overrides.items() if value is not None})
    settings.prepare()
    return settings
