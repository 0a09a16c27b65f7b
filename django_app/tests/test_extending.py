"""Code that is added to the app works as in any Django project."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory, TestCase, override_settings
from django.urls import path
from django.views.decorators.cache import cache_page
from ninja import File, NinjaAPI, Query, UploadedFile
from ninja.decorators import decorate_view
from ninja.errors import HttpError
from ninja.testing import TestClient as NinjaClient
from psycopg.errors import ForeignKeyViolation

from conduit import errors, urls
from conduit.api import ConduitAPI
from conduit.contract import bodies
from conduit.errors import Forbidden, Unavailable
from conduit.schemas import Schema

FAILURES: dict[str, Callable[[], Exception]] = {
    "missing": Http404,
    "forbidden": PermissionDenied,
    "suspicious": SuspiciousOperation,
    "teapot": partial(HttpError, 418, "is a teapot"),
    "broken": partial(HttpError, 500, "is broken"),
    "unauthorized": partial(HttpError, 401, "who are you"),
    "bad model": partial(ValidationError, {"tag_list": ["is odd", "is bad"], "__all__": "no"}),
    "bad words": partial(ValidationError, ["is odd", "is bad"]),
    "bug": partial(ZeroDivisionError, "a secret"),
    "none": partial(Http404, "no such thing"),
    "not yours": partial(PermissionDenied, "not yours"),
    "of the domain": partial(Forbidden, thing="forbidden"),
    "unavailable": partial(Unavailable, server="unavailable"),
}
ANSWERS: dict[str, tuple[int, Any]] = {
    "missing": (404, {"route": ["not found"]}),
    "forbidden": (403, {"request": ["forbidden"]}),
    "suspicious": (400, {"request": ["is malformed"]}),
    "bug": (500, {"server": ["internal error"]}),
    "none": (404, {"request": ["no such thing"]}),
    "not yours": (403, {"request": ["not yours"]}),
    "of the domain": (403, {"thing": ["forbidden"]}),
    "unavailable": (503, {"server": ["unavailable"]}),
}

later = NinjaAPI(urls_namespace="later", openapi_url=None, docs_url=None)
errors.register(later)
added = ConduitAPI(urls_namespace="added", openapi_url=None, docs_url=None)
errors.register(added)
bodies.register(added)


@later.get("/{name}")
def fail(request: HttpRequest, name: str) -> None:
    raise FAILURES[name]()


@later.get("/async/{name}")
async def fail_async(request: HttpRequest, name: str) -> None:
    raise FAILURES[name]()


class Note(Schema):
    text: str


@added.get("/plain")
def take_number(request: HttpRequest, n: int) -> int:
    return n


@added.get("/named")
@decorate_view(cache_page(60))
def take_alias(request: HttpRequest, size: Annotated[int, Query(alias="pageSize")]) -> int:
    return size


@added.post("/two")
def take_two(request: HttpRequest, a: Note, b: Note) -> None: ...


@added.post("/files")
def take_file(request: HttpRequest, note: Note, file: File[UploadedFile]) -> str:
    return note.text


@added.post("/notes")
async def take_note(request: HttpRequest, payload: Note) -> Note:
    return payload


def fail_plainly(request: HttpRequest, name: str) -> HttpResponse:
    raise FAILURES[name]()


urlpatterns = [
    path("api/later/", later.urls),
    path("api/added/", added.urls),
    path("api/plain/<name>", fail_plainly),
    path("api/refusing", lambda request: HttpResponse(status=405)),
    path("plain/<name>", fail_plainly),
    path("admin/plain/<name>", fail_plainly),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@override_settings(ROOT_URLCONF=__name__)
class OperationTests(TestCase):
    def test_a_plain_parameter(self) -> None:
        """An error of a parameter without a schema has the name of the parameter."""
        answer = self.client.get("/api/added/plain?n=a")
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(answer.json(), {"errors": {"n": ["must be an integer"]}})

    def test_other_parameters(self) -> None:
        """An alias, two bodies, and JSON with a file are validated as in any Ninja API."""
        answer = self.client.get("/api/added/named?pageSize=a")
        self.assertEqual(answer.json(), {"errors": {"pageSize": ["must be an integer"]}})
        self.assertEqual(self.client.get("/api/added/named?pageSize=1").json(), 1)
        answer = self.client.post("/api/added/two", [], "application/json")
        self.assertEqual((answer.status_code, *answer.json()), (422, "errors"))
        file = SimpleUploadedFile("x.txt", b"x")
        form = {"file": file, "note": '{"text": "x"}'}
        self.assertEqual(self.client.post("/api/added/files", form).json(), "x")

    def test_ninja_client(self) -> None:
        """Requests of Ninja's test client have no media type, and are read as JSON."""
        note = {"text": "x"}
        answer = NinjaClient(added).post("/two", json={"a": note, "b": note})
        self.assertEqual(answer.status_code, 200)

    def test_an_asynchronous_operation(self) -> None:
        """An `async def` operation can have a body, and is not called if the body is too large."""
        note = {"text": "x"}
        answer = self.client.post("/api/added/notes", note, "application/json")
        self.assertEqual((answer.status_code, answer.json()), (200, note))
        answer = self.client.post("/api/added/notes", {"text": "x" * 2**20}, "application/json")
        self.assertEqual(answer.status_code, 413)

    def test_a_reference_to_nothing(self) -> None:
        """If no user is missing, a violated foreign key is raised, and not turned into a 401."""
        error = IntegrityError()
        error.__cause__ = ForeignKeyViolation()
        with self.assertRaises(IntegrityError):
            errors.deleted_user(RequestFactory().get("/"), error)


@override_settings(ROOT_URLCONF=__name__)
class FailureTests(TestCase):
    def setUp(self) -> None:
        self.failures: list[HttpRequest | None] = []
        got_request_exception.connect(self.note)
        self.addCleanup(got_request_exception.disconnect, self.note)

    def note(self, sender: Any, request: HttpRequest | None = None, **named: Any) -> None:
        self.failures.append(request)

    def test_answers(self) -> None:
        """Django's exceptions get their status and the contract's shape in every kind of view."""
        client = Client(raise_request_exception=False)
        for name, (status, body) in ANSWERS.items():
            for prefix in ("/api/later", "/api/later/async", "/api/plain", "/plain"):
                with self.subTest(f"{prefix}/{name}"):
                    self.failures.clear()
                    answer = client.get(f"{prefix}/{name}")
                    self.assertEqual(
                        (answer.status_code, answer.json()), (status, {"errors": body})
                    )
                    self.assertIn("X-Request-ID", answer)
                    self.assertEqual(len(self.failures), status == 500)

    def test_errors_of_ninja(self) -> None:
        """The message of Ninja's `HttpError` is returned in the contract's shape."""
        answer = self.client.get("/api/later/teapot")
        self.assertEqual(answer.status_code, 418)
        self.assertEqual(answer.json(), {"errors": {"request": ["is a teapot"]}})
        self.assertEqual(self.client.get("/api/later/unauthorized")["WWW-Authenticate"], "Token")
        self.assertNotIn("WWW-Authenticate", answer)

    def test_the_log_of_a_refusal(self) -> None:
        """A 5xx is logged with its cause."""
        with self.assertLogs("conduit.request") as logs:
            self.client.get("/api/later/broken")
        self.assertIn(" GET 500: is broken", logs.output[0])

    def test_errors_of_models(self) -> None:
        """A model's `ValidationError` in an operation is a 422 with the first message per field."""
        for name, body in {
            "bad model": {"tagList": ["is odd"], "request": ["no"]},
            "bad words": {"request": ["is odd"]},
        }.items():
            answer = self.client.get(f"/api/later/{name}")
            self.assertEqual((answer.status_code, answer.json()), (422, {"errors": body}))

    def test_other_answers(self) -> None:
        """A view may answer 405 by itself."""
        self.assertEqual(self.client.get("/api/refusing").status_code, 405)

    def test_bugs_are_raised(self) -> None:
        """The test client raises the exception of a view, and of an operation too."""
        for prefix in ("/api/later", "/api/later/async", "/api/plain"):
            with self.subTest(prefix), self.assertRaisesMessage(ZeroDivisionError, "a secret"):
                self.client.get(f"{prefix}/bug")

    def test_debug(self) -> None:
        """With DEBUG, Django shows its debug page, also for an exception in an operation."""
        client = Client(raise_request_exception=False)
        with override_settings(DEBUG=True):
            answer = client.get("/api/later/bug", headers={"Accept": "text/html"})
        self.assertEqual(answer.status_code, 500)
        self.assertContains(answer, "ZeroDivisionError", status_code=500)

    def test_the_admin(self) -> None:
        """In the admin, error responses are Django's usual pages."""
        client = Client(raise_request_exception=False)
        for name in ("missing", "forbidden", "suspicious", "bug"):
            status, _ = ANSWERS[name]
            with self.subTest(name):
                answer = client.get(f"/admin/plain/{name}")
                self.assertEqual(answer.status_code, status)
                self.assertEqual(answer["Content-Type"].partition(";")[0], "text/html")
                self.assertNotIn(b"secret", answer.content)
