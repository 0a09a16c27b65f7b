from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "conduit.accounts"
