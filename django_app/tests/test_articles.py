"""Articles and comments, as a client writes and reads them."""

from itertools import islice
from typing import Any

from django.test import Client, SimpleTestCase, TestCase

from conduit.accounts.models import User
from conduit.accounts.tokens import make_token
from conduit.articles.slugs import candidates_for

DRAFT = {"title": "On tests", "description": "Why", "body": "Because.", "tagList": ["b", "a"]}


class ArticleTests(TestCase):
    def setUp(self) -> None:
        self.ada = User.objects.create_user("ada@example.com", "ada", "a long password")
        token = make_token(user_id=self.ada.pk, version=self.ada.token_version)
        self.client = Client(headers={"Authorization": f"Token {token}"})
        self.article = self.write("/api/articles", "article", DRAFT)
        self.path = f"/api/articles/{self.article['slug']}"

    def write(self, path: str, name: str, content: Any) -> Any:
        response = self.client.post(path, {name: content}, "application/json")
        self.assertEqual(response.status_code, 201)
        return response.json()[name]

    def test_create(self) -> None:
        """A new article has what was sent, and nothing that the document does not name."""
        sent = {name: self.article[name] for name in DRAFT}
        self.assertEqual(sent, {**DRAFT, "tagList": ["a", "b"]})
        self.assertEqual(self.article["createdAt"], self.article["updatedAt"])
        self.assertEqual(self.article["author"]["username"], "ada")
        names = {*DRAFT, "slug", "createdAt", "updatedAt", "author", "favorited", "favoritesCount"}
        self.assertEqual(set(self.article), names)

    def test_read(self) -> None:
        """Reading an article returns what creating it returned; a list leaves out the body."""
        self.assertEqual(self.client.get(self.path).json(), {"article": self.article})
        [listed] = self.client.get("/api/articles?limit=1").json()["articles"]
        self.assertEqual({**listed, "body": self.article["body"]}, self.article)

    def test_update(self) -> None:
        """An update changes the field that is sent, and no other."""
        for name in ("description", "body", "title"):
            with self.subTest(name):
                change = {"article": {name: "Another text"}}
                before = self.client.get(self.path).json()["article"]
                response = self.client.put(self.path, change, "application/json")
                updated = response.json()["article"]
                changed = {key for key in updated if updated[key] != before[key]}
                self.assertEqual(changed - {"slug", "updatedAt"}, {name})

    def test_blank(self) -> None:
        """A blank text is refused, with an error under the name of its field."""
        for name in ("title", "description", "body"):
            with self.subTest(name):
                draft = {"article": {**DRAFT, name: " "}}
                response = self.client.post("/api/articles", draft, "application/json")
                self.assertEqual(response.status_code, 422)
                self.assertEqual(list(response.json()["errors"]), [name])

    def test_comment(self) -> None:
        """A comment is shown as it was when created, until it is deleted."""
        path = f"{self.path}/comments"
        comment = self.write(path, "comment", {"body": "Well said."})
        self.assertEqual(self.client.get(path).json(), {"comments": [comment]})
        self.assertEqual(self.client.delete(f"{path}/{comment['id']}").status_code, 204)
        self.assertEqual(self.client.get(path).json(), {"comments": []})

    def test_delete(self) -> None:
        """An article that is deleted is not found."""
        self.assertEqual(self.client.delete(self.path).status_code, 204)
        self.assertEqual(self.client.get(self.path).status_code, 404)


class SlugTests(SimpleTestCase):
    def test_candidates(self) -> None:
        """Each slug that a title may get is tried once, the best first."""
        names = [name for batch in islice(candidates_for("On tests"), 4) for name in batch]
        expected = ["on-tests", *(f"on-tests-{number}" for number in range(2, 152))]
        self.assertEqual(names, expected)
