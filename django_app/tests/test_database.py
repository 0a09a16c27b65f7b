"""The guarantees of the database layer to the services."""

import threading
import time
from unittest.mock import patch

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from conduit.accounts import passwords
from conduit.accounts import services as accounts
from conduit.accounts.models import User
from conduit.articles import services
from conduit.articles.models import Article
from conduit.database import release_connection
from conduit.errors import Unavailable


class WritesTests(TestCase):
    guido: User

    @classmethod
    def setUpTestData(cls) -> None:
        call_command("seed")
        cls.guido = User.objects.get(username="guido")

    def test_other_violations_are_raised(self) -> None:
        """Only a taken slug is retried: any other violation is raised immediately."""
        with self.assertRaises(IntegrityError):
            services.create_article(author=self.guido, title="", description="d", body="b")

    def test_attempts_end(self) -> None:
        """If other writers take every slug, the retries end."""
        taken = Article.objects.values_list("slug", flat=True)[0]
        with (
            patch.object(services, "find_free_slug", return_value=taken),
            self.assertRaises(Unavailable),
        ):
            services.create_article(author=self.guido, title="x", description="d", body="b")

    def test_counter_is_locked_last(self) -> None:
        """The counter of events is the last row that a write locks before its event."""
        with CaptureQueriesContext(connection) as seen:
            services.create_article(author=self.guido, title="Counted", description="d", body="b")
        points = ("SAVEPOINT", "RELEASE SAVEPOINT")
        queries = [query["sql"] for query in seen.captured_queries]
        statements = [query for query in queries if not query.startswith(points)]
        self.assertIn('UPDATE "event_counter"', statements[-2])
        self.assertIn('INSERT INTO "events"', statements[-1])

    def test_expired_events_are_found_by_their_time(self) -> None:
        """A write does not read the events that are kept."""
        with CaptureQueriesContext(connection) as seen:
            services.create_article(author=self.guido, title="Planned", description="d", body="b")
        queries = [query["sql"] for query in seen.captured_queries]
        [statement] = [query for query in queries if query.startswith('DELETE FROM "events"')]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # a small table is read whole otherwise
                cursor.execute("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{explain} {statement}")
            self.assertIn("events_created_idx", str(cursor.fetchall()))


class HashingTests(TestCase):
    def test_hashing_holds_no_connection(self) -> None:
        """Before a password is hashed, the connection is returned to the pool."""
        order: list[str] = []
        hash_, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

        def note_hash(hasher: Argon2PasswordHasher, password: str, salt: str) -> str:
            order.append("hash")
            return hash_(hasher, password, salt)

        def note_verify(hasher: Argon2PasswordHasher, password: str, encoded: str) -> bool:
            order.append("verify")
            return verify(hasher, password, encoded)

        with (
            patch.object(accounts, "release_connection", lambda: order.append("release")),
            patch.object(Argon2PasswordHasher, "encode", note_hash),
            patch.object(Argon2PasswordHasher, "verify", note_verify),
        ):
            accounts.create_user(username="y", email="y@example.com", password="a long password")
            accounts.login(email="y@example.com", password="a long password")
        self.assertEqual(order, ["release", "hash", "release", "verify"])

    def test_checking_passwords_of_many(self) -> None:
        """A command may check passwords while it reads users."""
        for name in ("x", "y"):
            User.objects.create_user(f"{name}@example.com", name, "a long password")
        users = User.objects.iterator(chunk_size=1)
        self.assertEqual([user.check_password("a long password") for user in users], [True, True])

    def test_a_connection_without_a_pool(self) -> None:
        """SQLite has no pool: a command may create users while it reads rows one by one."""
        with (
            patch.object(connection, "get_autocommit", return_value=True),
            patch.object(connection, "in_atomic_block", False),
            patch.object(connection, "close") as close,
        ):
            release_connection()
        self.assertEqual(close.called, connection.vendor == "postgresql")

    def test_concurrent_hashing(self) -> None:
        """At most as many passwords are hashed at the same time as there are processors."""
        running: list[int] = []
        most = 0

        def encode(hasher: Argon2PasswordHasher, password: str, salt: str) -> str:
            nonlocal most
            running.append(1)
            most = max(most, len(running))
            time.sleep(0.01)
            running.pop()
            return ""

        hasher = passwords.FastArgon2id()
        with patch.object(Argon2PasswordHasher, "encode", encode):
            threads = [
                threading.Thread(target=hasher.encode, args=["x", "salt"])
                for _ in range(passwords.MAX_CONCURRENT * 4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(most, passwords.MAX_CONCURRENT)
