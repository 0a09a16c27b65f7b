from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "conduit.accounts"

    def ready(self) -> None:
        from . import adoption  # noqa: F401, for its system check
