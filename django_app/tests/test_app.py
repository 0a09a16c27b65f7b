"""What an API client cannot see: the admin, the commands, and the tables."""

from unittest.mock import Mock, patch

from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import TestCase, override_settings
from django.urls import reverse

from conduit import health
from conduit.accounts.models import User
from conduit.articles.models import Article
from conduit.live import services
from conduit.live.hub import Hub
from conduit.live.models import Event, EventCounter
from conduit.live.subscriptions import PublishedEvent


class AdminTests(TestCase):
    root: User

    @classmethod
    def setUpTestData(cls) -> None:
        call_command("seed")
        cls.root = User.objects.create_superuser("root@example.com", "root", "a long password")

    def setUp(self) -> None:
        self.client.force_login(self.root)

    def test_sign_in(self) -> None:
        """The login of the admin accepts the email in upper or lower case."""
        self.client.logout()
        page = self.client.post(
            "/admin/login/?next=/admin/",
            {"username": "ROOT@example.com", "password": "a long password"},
        )
        self.assertRedirects(page, "/admin/")

    def test_every_table(self) -> None:
        """Each table has a list page, and each row has a change page."""
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            with self.subTest(name):
                page = self.client.get(reverse(f"{name}_changelist"))
                self.assertEqual(page.status_code, 200)
                row = model._default_manager.first()
                if row is not None:
                    page = self.client.get(reverse(f"{name}_change", args=[row.pk]))
                    self.assertEqual(page.status_code, 200)

    def test_search(self) -> None:
        """A search does not fail in any list that has one."""
        for model, options in admin.site._registry.items():
            if options.search_fields:
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
                with self.subTest(name):
                    page = self.client.get(reverse(name), {"q": "1"})
                    self.assertEqual(page.status_code, 200)

    def test_lists_have_a_fixed_number_of_statements(self) -> None:
        """The list of articles needs a fixed number of statements."""
        with self.assertNumQueries(4):
            self.client.get("/admin/articles/article/")

    def test_new_user(self) -> None:
        """A user made in the admin can sign in at the API."""
        password = "another long password"
        page = self.client.post(
            "/admin/accounts/user/add/",
            {
                "email": "new@example.com",
                "username": "new",
                "usable_password": "true",
                "password1": password,
                "password2": password,
            },
        )
        self.assertEqual(page.status_code, 302)
        answer = self.client.post(
            "/api/users/login",
            {"user": {"email": "new@example.com", "password": password}},
            content_type="application/json",
        )
        self.assertEqual(answer.status_code, 200)


class DatabaseTests(TestCase):
    def test_seed_twice(self) -> None:
        """The demo site is not added to a site that has users."""
        User(username="x", email="x@example.com", password="!").save()
        with self.assertRaisesMessage(CommandError, "has users already"):
            call_command("seed")
        self.assertFalse(Article.objects.exists())

    def test_phc_string(self) -> None:
        """The database stores only the PHC string, and Django still finds its hasher."""
        user = User(username="x", email="x@example.com")
        user.set_password("a long password")
        user.save()
        with connection.cursor() as cursor:
            cursor.execute("SELECT password FROM users")
            self.assertTrue(cursor.fetchone()[0].startswith("$argon2id$"))
        self.assertTrue(User.objects.get().check_password("a long password"))

    def test_events(self) -> None:
        """A change writes its event with the new value of the counter as its number."""
        user = {"username": "x", "email": "x@example.com", "password": "a long password"}
        answer = self.client.post("/api/users", {"user": user}, content_type="application/json")
        token = {"Authorization": f"Token {answer.json()['user']['token']}"}
        draft = {"title": "An event", "description": "d", "body": "b", "tagList": []}
        created = self.client.post(
            "/api/articles", {"article": draft}, content_type="application/json", headers=token
        )
        self.client.delete(f"/api/articles/{created.json()['article']['slug']}", headers=token)
        names = Event.objects.order_by("id").values_list("name", flat=True)
        self.assertEqual(list(names), ["article.created", "article.deleted"])
        self.assertEqual(EventCounter.objects.get().value, 2)


class HubTests(TestCase):
    def test_events_are_handed_out_once(self) -> None:
        """The hub hands out each event once, even if its next read fails."""
        hub = Hub()
        hub.position = 0
        hub.loop = Mock()
        published = PublishedEvent(1, "article.created", 1, 1, "{}", frozenset())
        reads = [[published], OperationalError("the database is away"), []]
        with (
            patch("conduit.live.hub.connection"),
            patch.object(services, "get_published", side_effect=reads) as get_published,
        ):
            with self.assertRaises(OperationalError):
                hub.catch_up()
            hub.catch_up()
        asked = [call.kwargs["after"] for call in get_published.call_args_list]
        self.assertEqual(asked, [0, 1, 1])
        hub.loop.call_soon_threadsafe.assert_called_once_with(hub.publish, [published])


class HealthTests(TestCase):
    @override_settings(DATABASE_TIMEOUT=1)
    def test_health_while_another_check_runs(self) -> None:
        """A health check that waits too long for the previous one returns 503."""
        with health.check_lock:
            self.assertEqual(self.client.get("/api/health").status_code, 503)
        self.assertEqual(self.client.get("/api/health").status_code, 200)
