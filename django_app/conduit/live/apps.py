from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.db import router
from django.db.models.signals import post_migrate


class LiveConfig(AppConfig):
    name = "conduit.live"

    def ready(self) -> None:
        post_migrate.connect(ensure_counter, sender=self)


def ensure_counter(using: str, apps: Apps = global_apps, **options: Any) -> None:
    """Create the one row again after a `flush`, which empties all tables, also between tests."""
    try:
        counter = apps.get_model("live", "EventCounter")
    except LookupError:
        return  # not migrated yet
    if router.allow_migrate_model(using, counter):
        counter.objects.using(using).get_or_create(pk=1, defaults={"value": 0})
