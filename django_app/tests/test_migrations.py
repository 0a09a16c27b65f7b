"""Migrations that follow the models, and a database that another app made."""

from io import StringIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, patch

from django.apps import apps
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase, override_settings

from conduit.core import adoption
from conduit.database.operations import AddMissingField
from conduit.live.apps import ensure_counter
from conduit.live.models import EventCounter


class KeepOut:
    def allow_migrate(self, database: str, app_label: str, **hints: Any) -> bool:
        return False


class MigrationTests(TestCase):
    def test_migrations(self) -> None:
        """Every change of the models has a migration."""
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    def test_another_database(self) -> None:
        """A router keeps these tables out of another database."""
        editor = Mock()
        add = AddMissingField("user", "nickname", models.CharField(max_length=1))
        EventCounter.objects.all().delete()
        with override_settings(DATABASE_ROUTERS=[KeepOut()]):
            add.database_forwards("accounts", editor, None, SimpleNamespace(apps=apps))
            ensure_counter(using="default")
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM django_migrations")
            problems = run_checks(tags=[Tags.database], databases=["default"])
        self.assertEqual(problems, [])
        editor.connection.cursor.assert_not_called()
        self.assertFalse(EventCounter.objects.exists())


class AdoptTests(TestCase):
    """The tables exist, but the records of their migrations are deleted."""

    def forget(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations")

    def test_migrate_refuses(self) -> None:
        """A database of another app is distinguished from an empty one before `migrate` begins."""
        self.assertEqual(run_checks(tags=[Tags.database], databases=["default"]), [])
        self.forget()
        [error] = run_checks(tags=[Tags.database], databases=["default"])
        self.assertEqual(error.id, "core.E001")
        for options in ({}, {"plan": True}):
            with self.subTest(options), self.assertRaises(SystemCheckError):
                call_command("migrate", skip_checks=False, verbosity=0, **options)
        self.assertEqual(MigrationRecorder(connection).applied_migrations(), {})

    def test_adopt(self) -> None:
        """`adopt` records the first migrations, and nothing the second time."""
        self.forget()
        for line in ("Adopted: now run `migrate`.\n", "Nothing to adopt.\n"):
            said = StringIO()
            # The tables also have what later migrations of this project add.
            with patch.object(adoption, "find_deviations", return_value=[]):
                call_command("adopt", stdout=said)
            self.assertEqual(said.getvalue(), line)
        self.assertFalse(adoption.needs_adoption(connection))

    def test_what_deviates(self) -> None:
        """A table that differs is named, and no migration is recorded."""
        self.forget()
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX users_username_key")
        with self.assertRaisesMessage(CommandError, "the first: users_username_key on users"):
            call_command("adopt")
        self.assertTrue(adoption.needs_adoption(connection))
