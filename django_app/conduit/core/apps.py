from django.apps import AppConfig


class CoreConfig(AppConfig):
    """What belongs to the project and to none of its domains: commands and system checks."""

    name = "conduit.core"

    def ready(self) -> None:
        from . import checks  # noqa: F401, which registers them
