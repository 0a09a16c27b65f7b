from django.apps import AppConfig


class ContractConfig(AppConfig):
    name = "conduit.contract"

    def ready(self) -> None:
        from ..api import api
        from . import bodies, responses

        bodies.register(api)
        responses.register(api)
