"""How many SQL statements a read takes, for any number of rows."""

from django.core.management import call_command
from django.test import TestCase

READS = {
    "/api/articles?limit=1": 2,
    "/api/articles?limit=100": 2,
    "/api/articles?tag=statement&author=guido&favorited=ada": 2,
    "/api/articles/the-assert-statement": 1,
    "/api/articles/the-del-statement/comments": 1,
    "/api/articles/the-assert-statement/comments": 2,
    "/api/tags": 1,
    "/api/profiles/ada": 1,
}
FEED = {"/api/articles/feed?limit=100": 2}


class StatementsTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        call_command("seed")

    def setUp(self) -> None:
        user = {"email": "guido@example.com", "password": "triptych-demo"}
        answer = self.client.post(
            "/api/users/login", {"user": user}, content_type="application/json"
        )
        self.token = {"Authorization": f"Token {answer.json()['user']['token']}"}

    def test_reads(self) -> None:
        """Each read executes the expected number of statements."""
        for path, most in READS.items():
            with self.subTest(path), self.assertNumQueries(most):
                self.assertEqual(self.client.get(path).status_code, 200)

    def test_reads_with_a_token(self) -> None:
        """Checking a token executes one more statement."""
        for path, most in READS.items():
            with self.subTest(path), self.assertNumQueries(most + (path != "/api/tags")):
                self.assertEqual(self.client.get(path, headers=self.token).status_code, 200)

    def test_feed(self) -> None:
        """The feed takes two statements, and one for the token."""
        for path, most in FEED.items():
            with self.assertNumQueries(most + 1):
                answer = self.client.get(path, headers=self.token)
            self.assertGreater(len(answer.json()["articles"]), 20)
