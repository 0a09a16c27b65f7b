"""Django's commands work as usual, and report errors in one line."""

import json
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import TestCase, TransactionTestCase, override_settings

from conduit.accounts import services
from conduit.accounts.models import User
from conduit.articles.models import Article
from conduit.articles.services import create_article
from conduit.errors import Conflict
from conduit.live.models import EventCounter

PRODUCTION: dict[str, Any] = {
    "SECRET_KEY": "0123456789" * 5,
    "ALLOWED_HOSTS": ["conduit.example"],
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 3600,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SECURE_SSL_REDIRECT": True,
}


class CheckTests(TestCase):
    def test_deploy(self) -> None:
        """With all settings for production, no check reports anything, and none is silenced."""
        with override_settings(**PRODUCTION):
            self.assertEqual(run_checks(include_deployment_checks=True), [])
        self.assertEqual(settings.SILENCED_SYSTEM_CHECKS, [])


class SeedTests(TestCase):
    def test_no_seed_in_production(self) -> None:
        """The demo site has a published password."""
        with (
            override_settings(PRODUCTION=True),
            self.assertRaisesMessage(CommandError, "is published"),
        ):
            call_command("seed")


class CreateSuperuserTests(TestCase):
    def create(self, email: str, username: str) -> None:
        with patch.dict("os.environ", {"DJANGO_SUPERUSER_PASSWORD": "a long password"}):
            call_command(
                "createsuperuser", email=email, username=username, interactive=False, verbosity=0
            )

    def test_names(self) -> None:
        """A name that the API would refuse, or that is taken in another case, is one line."""
        self.create("root@example.com", "root")
        cases = [
            ("not an email", "x", "is invalid"),
            ("x@example.com", "a b", "is invalid"),
            ("ROOT@example.com", "x", "That email is already taken"),
            ("x@example.com", "ROOT", "has already been taken"),
        ]
        for email, username, message in cases:
            with self.subTest(email), self.assertRaisesMessage(CommandError, message):
                self.create(email, username)

    def test_passwords(self) -> None:
        """`changepassword` asks again if the API would refuse the password, and then gives up."""
        self.create("root@example.com", "root")
        said = StringIO()
        with (
            patch("getpass.getpass", return_value="short"),
            self.assertRaises(CommandError),
        ):
            call_command("changepassword", "root@example.com", stdout=StringIO(), stderr=said)
        self.assertIn("is too short (minimum is 8 characters)", said.getvalue())


class FixtureTests(TestCase):
    def test_dump_and_load(self) -> None:
        """`loaddata` reads what `dumpdata` writes, by ids or by natural keys."""
        call_command("seed")
        for natural in (False, True):
            with self.subTest(natural), TemporaryDirectory() as folder:
                path = str(Path(folder, "site.json"))
                call_command(
                    "dumpdata",
                    "accounts",
                    "articles",
                    "comments",
                    output=path,
                    verbosity=0,
                    use_natural_foreign_keys=natural,
                )
                before = json.loads(Path(path).read_text())
                User.objects.all().delete()
                self.assertFalse(Article.objects.exists())
                call_command("loaddata", path, verbosity=0)
                self.assertEqual(Article.objects.count(), 82)
                self.assertTrue(User.objects.get(username="ada").check_password("triptych-demo"))
                again = StringIO()
                call_command(
                    "dumpdata",
                    "accounts",
                    "articles",
                    "comments",
                    stdout=again,
                    verbosity=0,
                    use_natural_foreign_keys=natural,
                )
                self.assertEqual(len(json.loads(again.getvalue())), len(before))


class OuterTransactionTests(TestCase):
    def test_create_user(self) -> None:
        """A service that fails because a name is taken does not break a transaction around it."""
        draft = {"username": "ada", "email": "ada@example.com", "password": "a long password"}
        with transaction.atomic():
            services.create_user(**draft)
            with self.assertRaises(Conflict):
                services.create_user(**draft)
            self.assertEqual(User.objects.count(), 1)

    def test_constraint(self) -> None:
        """The constraint in the database refuses a name that differs only in case."""
        User(username="ada", email="ada@example.com", password="!").save()
        with self.assertRaises(IntegrityError), transaction.atomic():
            User(username="ADA", email="x@example.com", password="!").save()


class FlushTests(TransactionTestCase):
    """After each of these tests, all tables are emptied; the event counter must exist again."""

    def write(self) -> None:
        ada = User.objects.create_user("ada@example.com", "ada", "a long password")
        create_article(author=ada, title="t", description="d", body="b")
        self.assertEqual(EventCounter.objects.get().value, 1)

    def test_once(self) -> None:
        """A write records its event also after a flush."""
        self.write()
        call_command("flush", interactive=False, verbosity=0)
        self.write()

    def test_again(self) -> None:
        """A write records its event also after another test."""
        self.write()
