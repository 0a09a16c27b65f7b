"""The admin keeps the contract's rules, and records the same events as the API."""

import json
from typing import Any
from unittest.mock import Mock, patch

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import CharField, Model, SlugField
from django.test import RequestFactory, TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conduit.accounts import services as accounts
from conduit.accounts.models import Follow, User
from conduit.articles import services
from conduit.articles.admin import ArticleAdmin
from conduit.articles.models import Article, ArticleTag, Favorite, Tag
from conduit.comments import services as comments
from conduit.comments.models import Comment
from conduit.comments.services import create_comment
from conduit.errors import NotFound, Unavailable
from conduit.live import events
from conduit.live.models import Event


class AdminCase(TestCase):
    root: User
    ada: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.root = User.objects.create_superuser("root@example.com", "root", "a long password")
        cls.ada = User.objects.create_user("ada@example.com", "ada", "a long password")

    def setUp(self) -> None:
        self.client.force_login(self.root)

    def write_article(self, title: str = "Dragons", tags: tuple[str, ...] = ()) -> Article:
        services.create_article(
            author=self.ada, title=title, description="d", body="one\ntwo", tag_list=tags
        )
        Event.objects.all().delete()
        return Article.objects.get(title=title)

    def post(self, model: type[Model], page: str, *args: Any, **data: Any) -> Any:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
        return self.client.post(reverse(name, args=args), data)

    def delete(self, row: Model) -> None:
        page = self.post(type(row), "delete", row.pk, post="yes")
        self.assertEqual(page.status_code, 302)

    def delete_in_list(self, *rows: Model) -> None:
        """Delete the rows with the list's action, and confirm it."""
        page = self.post(
            type(rows[0]),
            "changelist",
            action="delete_selected",
            _selected_action=[row.pk for row in rows],
            post="yes",
        )
        self.assertEqual(page.status_code, 302)

    def errors_of(self, page: Any) -> Any:
        self.assertEqual(page.status_code, 200)
        return page.context["adminform"].form.errors

    def events(self) -> list[tuple[str, Any]]:
        rows = Event.objects.order_by("id").values_list("name", "data")
        return [(name, json.loads(data)) for name, data in rows]

    def names(self) -> list[str]:
        return [name for name, _ in self.events()]


class TransactionTests(TransactionTestCase):
    def test_removals(self) -> None:
        """Each removal opens its own transaction: actions of lists run outside of one."""
        ada = User.objects.create_user("ada@example.com", "ada", "a long password")
        draft: Any = {"title": "t", "description": "d", "body": "b", "tag_list": ["one"]}
        slug = services.create_article(author=ada, **draft).slug
        comments.create_comment(slug=slug, author=ada, body="b")
        services.favorite_article(slug=slug, user=ada)
        Event.objects.all().delete()
        comments.remove_comments(Comment.objects.order_by("pk")[:1])
        services.remove_favorites(Favorite.objects.order_by("pk")[:1])
        services.remove_tags(Tag.objects.all())
        services.remove_articles(Article.objects.all())
        services.create_article(author=ada, **draft)
        accounts.remove_users(User.objects.all())
        names = [event.name for event in Event.objects.order_by("id")]
        expected = "comment.deleted article.unfavorited article.updated article.deleted"
        self.assertEqual(names, [*expected.split(), "article.created", "article.deleted"])

    def test_events_outside_of_a_transaction(self) -> None:
        """They could be committed in another order than that of their numbers."""
        with self.assertRaises(transaction.TransactionManagementError):
            events.record("article.deleted", article_id=1, author_id=1, data={"slug": "x"})


class UserRulesTests(AdminCase):
    def add(self, **changes: str) -> Any:
        password = changes.pop("password", "another long password")
        draft = {"email": "new@example.com", "username": "new", "usable_password": "true"}
        return self.post(
            User, "add", **{**draft, "password1": password, "password2": password, **changes}
        )

    def test_the_rules_of_the_api(self) -> None:
        """The admin refuses what the API refuses, with the same message at the field."""
        long = "is too long (maximum is 128 characters)"
        cases = [
            ({"username": "a b/c"}, "username", "is invalid"),
            ({"email": "not an email"}, "email", "is invalid"),
            ({"email": "ada@localhost"}, "email", "is invalid"),
            ({"username": "ADA"}, "username", "User with this Username already exists."),
            ({"email": "ADA@Example.com"}, "email", "has already been taken"),
            ({"password": "p"}, "password2", "is too short (minimum is 8 characters)"),
            ({"password": " " * 9}, "password2", "can't be blank"),
            ({"password": "p" * 129}, "password2", long),
        ]
        for changes, field, message in cases:
            with self.subTest(changes):
                self.assertEqual(self.errors_of(self.add(**changes)), {field: [message]})
        self.assertEqual(User.objects.count(), 2)

    def test_a_name_taken_after_the_check(self) -> None:
        """If another writer takes the name after the check, the view runs again."""
        save = User.save
        made: list[User] = []

        def save_after_another(user: User, **options: Any) -> None:
            if not made:
                made.append(User(username="NEW", email="other@example.com", password="!"))
                save(made[0])
            save(user, **options)

        # The test is one transaction: the rollback of the admin's attempt also removes the other's
        # row.
        with patch.object(User, "save", save_after_another):
            page = self.add()
        self.assertEqual(page.status_code, 302)
        self.assertEqual(len(made), 1)

    def test_text_is_kept(self) -> None:
        """White space is kept, line ends are stored as line feeds, and a blank image is null."""
        draft = {"email": "ada@example.com", "username": "ada", "is_active": "on"}
        self.post(User, "change", self.ada.pk, **draft, bio=" one\r\n two ", image="")
        self.ada.refresh_from_db()
        self.assertEqual((self.ada.bio, self.ada.image), (" one\n two ", None))

    def test_delete_a_user(self) -> None:
        """Deleting a user deletes what the user owns, with an event for each."""
        mine, others = self.write_article("Mine"), self.write_article("Another")
        Article.objects.filter(pk=others.pk).update(author=self.root)
        create_comment(slug=mine.slug, author=self.root, body="x")
        create_comment(slug=others.slug, author=self.ada, body="x")
        services.favorite_article(slug=others.slug, user=self.ada)
        Event.objects.all().delete()
        self.delete(self.ada)
        self.assertFalse(User.objects.filter(username="ada").exists())
        self.assertEqual(
            self.names(), ["comment.deleted", "article.unfavorited", "article.deleted"]
        )
        self.assertEqual(self.events()[-1][1], {"slug": "mine"})

    def test_delete_users_with_many_rows(self) -> None:
        """More comments and favorites need no more statements, and the events come last."""
        counts = []
        for number in (1, 5):
            spammer = User.objects.create_user("s@example.com", "spammer", "a long password")
            for place in range(number):
                slug = self.write_article(f"Victim {number} {place}").slug
                create_comment(slug=slug, author=spammer, body="x")
                services.favorite_article(slug=slug, user=spammer)
            with CaptureQueriesContext(connection) as page:
                self.client.get(reverse("admin:accounts_user_delete", args=[spammer.pk]))
            with CaptureQueriesContext(connection) as removal:
                accounts.remove_users(User.objects.filter(pk=spammer.pk))
            counts.append((len(page), len(removal)))
            statements = [query["sql"] for query in removal.captured_queries]
            [locked] = [n for n, sql in enumerate(statements) if 'UPDATE "event_counter"' in sql]
            self.assertFalse([sql for sql in statements[locked + 1 :] if "DELETE" in sql])
        self.assertEqual(counts[0], counts[1])

    def test_delete_users_in_the_list(self) -> None:
        """The action of the list records an event for each article too."""
        self.write_article()
        self.delete_in_list(self.ada)
        self.assertEqual(self.names(), ["article.deleted"])


class ArticleTests(AdminCase):
    def draft(self, **changes: Any) -> dict[str, Any]:
        return {"title": "Dragons", "description": "d", "body": "one\r\ntwo", **changes}

    def test_add(self) -> None:
        """A new article gets its slug, its times and an event, as in the API."""
        tags = [Tag.objects.create(name=name) for name in ("b", "a")]
        draft = self.draft(title="Feed", author=self.ada.pk, tag_list=[tag.pk for tag in tags])
        page = self.post(Article, "add", **draft)
        self.assertEqual(page.status_code, 302)
        article = Article.objects.get()
        self.assertEqual((article.slug, article.body), ("feed-2", "one\ntwo"))
        self.assertEqual(article.created_at, article.updated_at)
        [(name, data)] = self.events()
        self.assertEqual(name, "article.created")
        self.assertEqual(data["article"]["tagList"], ["a", "b"])

    def test_change(self) -> None:
        """A change updates `updated_at` and the slug, and records an event."""
        article = self.write_article(tags=("a", "b"))
        [tag, _] = Tag.objects.order_by("name")
        page = self.post(Article, "change", article.pk, **self.draft(title="X", tag_list=[tag.pk]))
        self.assertEqual(page.status_code, 302)
        changed = Article.objects.get()
        self.assertEqual((changed.title, changed.slug, changed.body), ("X", "x", "one\ntwo"))
        self.assertGreater(changed.updated_at, article.updated_at)
        self.assertEqual(changed.created_at, article.created_at)
        [(name, data)] = self.events()
        self.assertEqual(name, "article.updated")
        self.assertEqual(data["article"]["tagList"], ["a"])

    def test_read_only_fields(self) -> None:
        """The form cannot change the slug, the times or the author of an article."""
        article = self.write_article()
        tries = {"slug": "feed", "updated_at_0": "2001-01-01", "author": self.root.pk}
        self.post(Article, "change", article.pk, **self.draft(**tries))
        unchanged = Article.objects.get()
        self.assertEqual(
            (unchanged.slug, unchanged.updated_at, unchanged.author_id),
            (article.slug, article.updated_at, article.author_id),
        )
        self.assertEqual(self.events(), [])

    def test_the_rules_of_the_api(self) -> None:
        """The admin refuses what the API refuses, with the same message at the field."""
        tags = Tag.objects.bulk_create(Tag(name=str(number)) for number in range(21))
        cases: list[tuple[dict[str, Any], str, str]] = [
            ({"title": " "}, "title", "can't be blank"),
            ({"body": "\n"}, "body", "can't be blank"),
            ({"body": "x" * 100_001}, "body", "is too long (maximum is 100000 characters)"),
            (
                {"tag_list": [tag.pk for tag in tags]},
                "tag_list",
                "has too many items (maximum is 20)",
            ),
        ]
        for changes, field, message in cases:
            with self.subTest(field):
                page = self.post(Article, "add", **self.draft(author=self.ada.pk, **changes))
                self.assertEqual(self.errors_of(page), {field: [message]})
        self.assertFalse(Article.objects.exists())

    def test_delete(self) -> None:
        """A deletion is recorded as an event, by the page and by the action of the list."""
        one, two, three = (self.write_article(title) for title in ("One", "Two", "Three"))
        self.delete(one)
        self.delete_in_list(three, two)
        self.assertFalse(Article.objects.exists())
        slugs = [data["slug"] for _, data in self.events()]
        self.assertEqual(self.names(), ["article.deleted"] * 3)
        self.assertEqual(slugs, ["one", "two", "three"])

    def test_remove_tags(self) -> None:
        """An action removes tags from all articles and records an event for each article."""
        self.write_article("One", tags=("a", "b", "c"))
        self.write_article("Two", tags=("b",))
        tags = Tag.objects.filter(name__in=["a", "b"])
        self.post(
            Tag, "changelist", action="remove_tags", _selected_action=[tag.pk for tag in tags]
        )
        lists = [data["article"]["tagList"] for _, data in self.events()]
        self.assertEqual(self.names(), ["article.updated"] * 2)
        self.assertEqual(lists, [["c"], []])
        page = self.post(Tag, "delete", tags[0].pk, post="yes")
        self.assertEqual(page.status_code, 403)

    def test_remove_a_tag_of_many_articles(self) -> None:
        """More articles need no more statements."""
        counts = []
        for number in (1, 5):
            for place in range(number):
                self.write_article(f"Tagged {number} {place}", tags=("spam", "kept"))
            with CaptureQueriesContext(connection) as removal:
                services.remove_tags(Tag.objects.filter(name="spam"))
            counts.append(len(removal))
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(set(ArticleTag.objects.values_list("tag__name", flat=True)), {"kept"})

    def test_statements_of_the_page(self) -> None:
        """The page of an article needs the same number of statements for one tag and for many."""
        few = self.write_article("Few", tags=("a",))
        many = self.write_article("Many", tags=tuple("abcdefghij"))
        counts = []
        for article in (few, many):
            with self.assertNumQueries(7):
                page = self.client.get(reverse("admin:articles_article_change", args=[article.pk]))
            counts.append(page.content.count(b"<option"))
        self.assertGreater(counts[1], counts[0])


class LinkTests(AdminCase):
    def test_favorites(self) -> None:
        """A favorite that is added or deleted is recorded as an event, and cannot exist twice."""
        article = self.write_article()
        link = {"article": article.pk, "user": self.root.pk}
        self.assertEqual(self.post(Favorite, "add", **link).status_code, 302)
        again = self.errors_of(self.post(Favorite, "add", **link))
        self.assertEqual(list(again), ["__all__"])
        self.delete(Favorite.objects.get())
        self.post(Favorite, "add", **link)
        self.delete_in_list(Favorite.objects.get())
        recorded = ["article.favorited", "article.unfavorited"] * 2
        self.assertEqual(self.names(), recorded)

    def test_comments(self) -> None:
        """A comment that is added or deleted is recorded as an event."""
        article = self.write_article()
        draft = {"article": article.pk, "author": self.ada.pk}
        empty = self.errors_of(self.post(Comment, "add", **draft, body=" "))
        self.assertEqual(empty, {"body": ["can't be blank"]})
        for _ in range(2):
            page = self.post(Comment, "add", **draft, body="Well\r\nsaid")
            self.assertEqual(page.status_code, 302)
        one, two = Comment.objects.order_by("id")
        self.assertEqual(one.body, "Well\nsaid")
        self.delete(one)
        self.delete_in_list(two)
        self.assertEqual(self.names(), ["comment.created"] * 2 + ["comment.deleted"] * 2)
        self.assertEqual(self.events()[-1][1], {"id": two.pk, "slug": article.slug})

    def test_what_a_service_refuses(self) -> None:
        """An error of a service after the form's check is shown; an outage is raised."""
        draft = {"article": self.write_article().pk, "author": self.ada.pk, "body": "x"}
        missing, outage = NotFound(article="not found"), Unavailable(server="unavailable")
        with patch.object(comments, "create_comment", side_effect=missing):
            page = self.post(Comment, "add", **draft)
        self.assertContains(self.client.get(page["Location"]), "Article not found")
        with (
            patch.object(comments, "create_comment", side_effect=outage),
            self.assertRaises(Unavailable),
        ):
            self.post(Comment, "add", **draft)

    def test_follows(self) -> None:
        """Users cannot follow themselves, or follow somebody twice."""
        oneself = self.post(Follow, "add", follower=self.ada.pk, followed=self.ada.pk)
        self.assertEqual(self.errors_of(oneself), {"__all__": ["Nobody follows themselves."]})
        link = {"follower": self.root.pk, "followed": self.ada.pk}
        self.assertEqual(self.post(Follow, "add", **link).status_code, 302)
        again = self.errors_of(self.post(Follow, "add", **link))
        self.assertEqual(list(again), ["__all__"])

    def test_links_of_tags(self) -> None:
        """Tags are added to an article only on the article's page."""
        article = self.write_article(tags=("a",))
        self.assertEqual(ArticleTag.objects.filter(article=article).count(), 1)
        self.assertEqual(self.client.get("/admin/articles/articletag/").status_code, 404)


class ModelRulesTests(TestCase):
    def test_full_clean(self) -> None:
        """`full_clean` checks the rules, also that a slug is not the word of a route."""
        ada = User.objects.create_user("ada@example.com", "ada", "a long password")
        article = Article(author=ada, slug="feed", title=" ", description="d", body="b\0")
        with self.assertRaises(ValidationError) as refused:
            article.full_clean()
        messages = refused.exception.message_dict
        self.assertEqual(messages["slug"], ["is the word of a route"])
        self.assertEqual(messages["title"], ["can't be blank"])
        self.assertIn("is invalid", messages["body"])
        for name in ("", " a", "a" * 65, "\0"):
            with self.subTest(name), self.assertRaises(ValidationError):
                Tag(name=name).full_clean()

    def test_create_user(self) -> None:
        """The manager refuses a name or email that the API would refuse."""
        for email, username in (("x", "x"), ("x@example.com", "a b"), ("é@example.com", "x")):
            with self.subTest(email), self.assertRaises(ValidationError):
                User.objects.create_user(email, username, "a long password")


class FormTests(AdminCase):
    def test_fields_of_other_kinds(self) -> None:
        """A slug and a choice have Django's own fields and widgets."""
        page = ArticleAdmin(Article, admin.site)
        request = RequestFactory().get("/")
        slug = page.formfield_for_dbfield(SlugField(), request)
        self.assertIsInstance(slug, forms.SlugField)
        choice = CharField(max_length=1000, choices=[("a", "A")])
        self.assertIsInstance(page.formfield_for_dbfield(choice, request).widget, forms.Select)

    def test_values_of_the_model(self) -> None:
        """A change saves the model's values, not `cleaned_data`, where a cleared file is False."""
        article = self.write_article()
        article.description = "as the model has it"
        form = Mock(changed_data=["description"], cleaned_data={"description": False})
        with transaction.atomic():
            ArticleAdmin(Article, admin.site).save_model(Mock(), article, form, change=True)
        self.assertEqual(Article.objects.get().description, "as the model has it")
