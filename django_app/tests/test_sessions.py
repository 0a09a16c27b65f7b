"""Setting a password in any way ends the sessions of the API, and nothing else does."""

from io import StringIO
from typing import Any
from unittest.mock import DEFAULT, Mock, patch

from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, user_login_failed
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, transaction
from django.test import TestCase, TransactionTestCase, override_settings
from psycopg.errors import DeadlockDetected

from conduit.accounts import auth, services
from conduit.accounts.models import User
from conduit.articles.services import create_article

ARTICLE = {"title": "x", "description": "d", "body": "b"}
STRONG = ["conduit.accounts.passwords.StrongArgon2id"]


class SessionTests(TestCase):
    def setUp(self) -> None:
        self.ada = User.objects.create_user("ada@example.com", "ada", "a long password")
        self.tokens = [self.login() for _ in range(2)]

    def login(self, password: str = "a long password") -> Any:
        user = {"email": "ada@example.com", "password": password}
        answer = self.client.post("/api/users/login", {"user": user}, "application/json")
        return answer.json()["user"]["token"]

    def statuses(self) -> list[int]:
        headers = [{"Authorization": f"Token {token}"} for token in self.tokens]
        return [self.client.get("/api/user", headers=each).status_code for each in headers]

    def change_password(self) -> None:
        """Change the password in the first session, which stays valid."""
        answer = self.client.put(
            "/api/user",
            {"user": {"password": "a new password"}},
            "application/json",
            headers={"Authorization": f"Token {self.tokens[0]}"},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.statuses(), [200, 401])
        self.ada.refresh_from_db()

    def test_in_the_shell(self) -> None:
        """`set_password` ends all sessions, including the one that last changed the password."""
        self.change_password()
        self.ada.set_password("another password")
        self.ada.save()
        self.assertEqual(self.statuses(), [401, 401])
        self.assertEqual((self.ada.token_version, self.ada.password_session_id), (3, None))

    def test_a_write_that_fails(self) -> None:
        """After another write has failed, saving the new password still ends all sessions."""
        self.ada.set_password("another password")
        self.ada.bio = ""
        with self.assertRaises(IntegrityError), transaction.atomic():
            self.ada.save(update_fields=["bio"])
        self.ada.bio = None
        self.ada.save()
        self.assertEqual(self.statuses(), [401, 401])

    def test_some_fields(self) -> None:
        """With `update_fields`, the sessions end when the password is saved, and not before."""
        self.ada.set_password("another password")
        self.ada.bio = "New"
        self.ada.save(update_fields=["bio"])
        self.assertEqual(self.statuses(), [200, 200])
        self.ada.save(update_fields=["password"])
        self.assertEqual(self.statuses(), [401, 401])
        self.tokens = [self.login("another password")]
        self.ada.save()
        self.assertEqual(self.statuses(), [200])

    def test_unusable_password(self) -> None:
        """`set_unusable_password` ends all sessions."""
        self.ada.set_unusable_password()
        self.ada.save()
        self.assertEqual(self.statuses(), [401, 401])

    def test_changepassword(self) -> None:
        """`manage.py changepassword` ends all sessions."""
        with patch("getpass.getpass", return_value="another password"):
            call_command("changepassword", "ada@example.com", stdout=StringIO())
        self.assertEqual(self.statuses(), [401, 401])

    def test_in_the_admin(self) -> None:
        """A reset in the admin ends all sessions."""
        self.change_password()
        root = User.objects.create_superuser("root@example.com", "root", "a long password")
        self.client.force_login(root)
        new = {"password1": "another password", "password2": "another password"}
        page = self.client.post(
            f"/admin/accounts/user/{self.ada.pk}/password/", {**new, "usable_password": "true"}
        )
        self.assertEqual(page.status_code, 302)
        self.assertEqual(self.statuses(), [401, 401])

    def test_other_changes_in_the_admin(self) -> None:
        """No other change in the admin ends a session."""
        root = User.objects.create_superuser("root@example.com", "root", "a long password")
        self.client.force_login(root)
        draft = {"email": "ada@example.com", "username": "ada", "is_active": "on", "bio": "New"}
        page = self.client.post(f"/admin/accounts/user/{self.ada.pk}/change/", draft)
        self.assertEqual(page.status_code, 302)
        self.assertEqual(self.statuses(), [200, 200])

    def test_rehash_at_login(self) -> None:
        """A login that hashes the password with stronger parameters ends no session."""
        weak = User.objects.get().password
        with override_settings(PASSWORD_HASHERS=STRONG):
            self.login()
        strong = User.objects.get().password
        self.assertNotEqual(weak.split("$")[3], strong.split("$")[3])
        self.assertEqual(self.statuses(), [200, 200])

    def test_rehash_in_the_admin(self) -> None:
        """A login in the admin that hashes the password again does not end its own session."""
        User.objects.update(is_staff=True)
        credentials = {"username": "ada@example.com", "password": "a long password"}
        with override_settings(PASSWORD_HASHERS=STRONG):
            self.client.post("/admin/login/", credentials)
            self.assertEqual(self.client.get("/admin/").status_code, 200)

    def test_failed_login(self) -> None:
        """A login that fails sends Django's signal, which lockouts and audits listen to."""
        failed: list[str] = []

        def note(credentials: dict[str, str], **options: Any) -> None:
            failed.append(credentials["username"])

        user_login_failed.connect(note)
        self.addCleanup(user_login_failed.disconnect, note)
        user = {"email": "ada@example.com", "password": "wrong password"}
        self.client.post("/api/users/login", {"user": user}, content_type="application/json")
        self.assertEqual(failed, ["ada@example.com"])

    def test_rehash_async(self) -> None:
        """A login in asynchronous code that hashes the password again ends no session."""
        with override_settings(PASSWORD_HASHERS=STRONG):
            found = async_to_sync(aauthenticate)(
                username="ada@example.com", password="a long password"
            )
        self.assertEqual(found, self.ada)
        self.assertEqual(self.statuses(), [200, 200])

    def test_case_of_emails(self) -> None:
        """Django authenticates users by email in upper or lower case, also in asynchronous code."""
        named: Any = {"username": "ADA@Example.com", "password": "a long password"}
        self.assertEqual(authenticate(**named), self.ada)
        self.assertEqual(async_to_sync(aauthenticate)(**named), self.ada)


class DeletedUserTests(TransactionTestCase):
    def test_a_deadlock(self) -> None:
        """A removal is tried again after a deadlock, but not forever."""
        User.objects.create_user("ada@example.com", "ada", "a long password")
        deadlock = OperationalError()
        deadlock.__cause__ = DeadlockDetected()
        once = Mock(wraps=services.remove_with_content, side_effect=[deadlock, DEFAULT])
        with patch.object(services, "remove_with_content", once):
            services.remove_users(User.objects.all())
        self.assertFalse(User.objects.exists())
        always = patch.object(services, "remove_with_content", side_effect=deadlock)
        with always as removing, self.assertRaises(OperationalError):
            services.remove_users(User.objects.all())
        self.assertEqual(removing.call_count, services.MAX_REMOVAL_ATTEMPTS)

    def test_a_user_deleted_before_the_write(self) -> None:
        """A write by a user who has just been deleted returns 401."""
        ada = User.objects.create_user("ada@example.com", "ada", "a long password")
        create_article(author=ada, **ARTICLE)
        user = {"email": "ada@example.com", "password": "a long password"}
        answer = self.client.post("/api/users/login", {"user": user}, "application/json")
        headers = {"Authorization": f"Token {answer.json()['user']['token']}"}
        with patch.object(auth, "authenticate", lambda token: User(pk=10**9, username="gone")):
            for path, body in (
                ("/api/profiles/ada/follow", None),
                ("/api/articles/x/favorite", None),
                ("/api/articles/x/comments", {"comment": {"body": "b"}}),
                ("/api/articles", {"article": {**ARTICLE, "title": "y", "tagList": ["tag"]}}),
            ):
                with self.subTest(path):
                    answer = self.client.post(path, body, "application/json", headers=headers)
                    self.assertEqual(answer.status_code, 401)
                    self.assertEqual(answer.json(), {"errors": {"token": ["is invalid"]}})
