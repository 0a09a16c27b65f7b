"""The requests to the bare apps, and what the contract requires."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from compare.prove.bare.exchange import BareAnswer, BareRequest

JSON = (("Content-Type", "application/json"),)
ITEM = b'{"name":"a","count":1}'
LONG_ITEM = b'{"name":"%s","count":1}' % (b"a" * 3_000_000)


@dataclass(frozen=True)
class Case:
    topic: str
    title: str
    requests: Sequence[BareRequest]
    contract: str
    """The required response in short, with the rules of `spec/rules.md`."""
    made: Mapping[str, str] = field(default_factory=dict)
    """By app, the locator of the code for it; none if the framework does it by default."""
    show: Callable[[BareAnswer], str] = BareAnswer.brief


def get(target: str, **headers: str) -> BareRequest:
    return BareRequest("GET", target, tuple(headers.items()))


def post(
    body: bytes, *, headers: Sequence[tuple[str, str]] = JSON, to: str = "/items"
) -> BareRequest:
    return BareRequest("POST", to, headers, body)


def limits(*values: str) -> list[BareRequest]:
    return [get(f"/items?limit={value}") for value in values]


def all_three(locator: str) -> dict[str, str]:
    return dict.fromkeys(("django", "flask", "fastapi"), locator)


STRICT_JSON = {
    "django": "conduit/contract/bodies.py::StrictParser",
    "flask": "conduit/contract/responses.py::ExactJSON.loads",
    "fastapi": "conduit/contract/bodies.py::StrictBody",
}
MEDIA_TYPE = {
    "django": "conduit/contract/bodies.py::StrictParser",
    "flask": "conduit/contract/bodies.py::invalid",
    "fastapi": "conduit/contract/bodies.py::invalid",
}
LIMITED_BODY = {
    "django": "conduit/contract/bodies.py::read_body",
    "flask": "conduit/contract/bodies.py::read_body",
    "fastapi": "conduit/contract/bodies.py::StrictBody",
}
MESSAGES = all_three("conduit/validation.py::field_messages")
INTEGERS = all_three("conduit/schemas.py::read_integer")
ERRORS = {
    "django": "conduit/errors.py::no_route",
    "flask": "conduit/contract/routes.py::not_found",
    "fastapi": "conduit/contract/errors.py::http_error",
}
METHODS = {
    "django": "conduit/contract/middleware.py::finish_method_not_allowed",
    "flask": "conduit/contract/routes.py::method_not_allowed",
    "fastapi": "conduit/contract/errors.py::http_error",
}
HEADERS = {
    "django": "conduit/contract/middleware.py::finish_headers",
    "flask": "conduit/contract/responses.py::finish_headers",
    "fastapi": "conduit/contract/middleware.py::finish_headers",
}
FAILURES = {
    "django": "conduit/errors.py::internal_error",
    "flask": "conduit/errors.py::internal_error",
    "fastapi": "conduit/middleware.py::FailureMiddleware",
}
TOKEN_FIRST = {
    "flask": "conduit/accounts/auth.py::register",
    "fastapi": "conduit/contract/bodies.py::StrictBody",
}
NUL = {
    "django": "conduit/contract/middleware.py::ContractMiddleware.answer",
    "flask": "conduit/contract/routes.py::ContractMiddleware",
    "fastapi": "conduit/contract/middleware.py::ContractMiddleware",
}
HOSTS = {
    "flask": "conduit/settings.py::Settings",
    "fastapi": "conduit/main.py::create_app",
}
REPEATED = {"fastapi": "conduit/contract/middleware.py::ContractMiddleware.answer_early"}
TIMES = all_three("conduit/schemas.py::show_time")
RENDERING = {
    "django": "conduit/contract/responses.py::ExactRenderer",
    "flask": "conduit/contract/responses.py::ExactJSON",
}

CASES = [
    Case("bodies", "JSON that ends too soon", [post(b'{"name":')], "400 (BODY-3)", STRICT_JSON),
    Case("bodies", "an empty body", [post(b"")], "400 (BODY-3)", STRICT_JSON),
    Case(
        "bodies",
        "JSON as `text/plain`",
        [post(ITEM, headers=[("Content-Type", "text/plain")])],
        "415 (BODY-1)",
        MEDIA_TYPE,
    ),
    Case("bodies", "JSON without a type", [post(ITEM, headers=[])], "415 (BODY-1)", MEDIA_TYPE),
    Case(
        "bodies",
        "`NaN` in an unused field",
        [post(b'{"name":"a","count":1,"x":NaN}')],
        "400 (BODY-3)",
        STRICT_JSON,
    ),
    Case(
        "bodies",
        "a byte order mark first",
        [post(b"\xef\xbb\xbf" + ITEM)],
        "400 (BODY-4)",
        STRICT_JSON,
    ),
    Case("bodies", "UTF-16", [post(ITEM.decode().encode("utf-16"))], "400 (BODY-4)", STRICT_JSON),
    Case(
        "bodies",
        r"a lone surrogate, `\ud800`",
        [post(rb'{"name":"\ud800","count":1}')],
        "400 (BODY-4)",
        STRICT_JSON,
    ),
    Case(
        "bodies",
        "100,000 opening brackets",
        [post(b"[" * 100_000)],
        "400 (BODY-5)",
        STRICT_JSON,
    ),
    Case("bodies", "a list instead of an object", [post(b"[]")], "422 (BODY-6)", MESSAGES),
    Case(
        "bodies",
        "a string that holds JSON",
        [post(rb'"{\"name\":\"a\",\"count\":1}"')],
        "422 (BODY-6)",
        {"flask": "conduit/contract/bodies.py::StrictRequest"},
    ),
    Case(
        "bodies",
        "two fields missing",
        [post(b"{}")],
        "422, one message per field (ANSWER-4)",
        MESSAGES,
    ),
    Case("bodies", "3,000,000 bytes", [post(LONG_ITEM)], "413 (BODY-9)", LIMITED_BODY),
    Case(
        "bodies",
        "3,000,000 bytes in chunks",
        [BareRequest("POST", "/items", JSON, LONG_ITEM, chunked=True)],
        "413 (BODY-10)",
        LIMITED_BODY,
    ),
    Case(
        "order",
        "no token",
        [post(ITEM, to="/mine")],
        "401, `WWW-Authenticate: Token` (TOKEN-9)",
        {
            "django": "conduit/errors.py::api_error",
            "flask": "conduit/errors.py::api_error",
            "fastapi": "conduit/errors.py::api_error",
        },
        BareAnswer.challenge,
    ),
    Case(
        "order",
        "no token, and JSON that ends too soon",
        [post(b'{"name":', to="/mine")],
        "401 (ORDER-5)",
        TOKEN_FIRST,
    ),
    Case(
        "order",
        "no token, and fields missing",
        [post(b"{}", to="/mine")],
        "401 (ORDER-5)",
        {"flask": TOKEN_FIRST["flask"]},
    ),
    Case(
        "order",
        "no token, wrong method",
        [BareRequest("PATCH", "/mine")],
        "405 (ORDER-3)",
    ),
    Case("routes", "no such route", [get("/nothing")], "404 (ROUTE-1)", ERRORS),
    Case(
        "routes",
        "a method that the route lacks",
        [BareRequest("PATCH", "/items")],
        "405, `Allow: GET, HEAD, POST` (ROUTE-6)",
        METHODS,
        BareAnswer.allowed,
    ),
    Case(
        "routes",
        "HEAD",
        [BareRequest("HEAD", "/items")],
        "200, as GET (ANSWER-8)",
        {
            "django": "conduit/contract/middleware.py::ContractMiddleware.answer",
            "fastapi": "conduit/contract/middleware.py::ContractMiddleware",
        },
        BareAnswer.status_only,
    ),
    Case(
        "routes",
        "OPTIONS",
        [BareRequest("OPTIONS", "/items")],
        "405 (CORS-1)",
        METHODS,
        BareAnswer.allowed,
    ),
    Case(
        "routes",
        "a preflight",
        [
            BareRequest(
                "OPTIONS",
                "/items",
                (("Origin", "http://a.example"), ("Access-Control-Request-Method", "POST")),
            )
        ],
        "204 (CORS-2)",
        all_three("conduit/contract/cors.py::preflight_headers"),
        BareAnswer.status_only,
    ),
    Case(
        "routes",
        "`/items/` where `/items` is a route",
        [get("/items/")],
        "404 (ROUTE-2)",
        {"fastapi": "conduit/main.py::create_app"},
        BareAnswer.location,
    ),
    Case(
        "routes",
        "`/folder` where `/folder/` is a route",
        [get("/folder")],
        "no such routes",
        {"fastapi": "conduit/main.py::create_app"},
        BareAnswer.location,
    ),
    Case(
        "routes",
        "a doubled slash, `//items`",
        [get("//items")],
        "404 (ROUTE-3)",
        {"flask": "conduit/contract/routes.py::ContractMiddleware"},
        BareAnswer.location,
    ),
    Case(
        "routes",
        "a doubled slash, `/items//a`",
        [get("/items//a")],
        "404 (ROUTE-3)",
        {"flask": "conduit/contract/routes.py::register"},
        BareAnswer.location,
    ),
    Case(
        "routes",
        "an encoded slash, `/items/a%2Fb`",
        [get("/items/a%2Fb")],
        "404, as `/items/a/b` (ROUTE-4)",
        show=BareAnswer.status_only,
    ),
    Case(
        "routes",
        "invalid UTF-8, `/items/%FF`",
        [get("/items/%FF")],
        "U+FFFD (ROUTE-4)",
    ),
    Case("routes", "a NUL, `/items/%00`", [get("/items/%00")], "404 (ROUTE-4)", NUL),
    Case(
        "routes",
        "dots, `/x/../items`",
        [get("/x/../items")],
        "404 (ROUTE-8)",
        show=BareAnswer.status_only,
    ),
    Case(
        "routes",
        "what `redirect` or `RedirectResponse` answers",
        [get("/old")],
        "307 (BASE-2)",
        {
            "django": "conduit/urls.py::home",
            "flask": "conduit/api.py::home",
            "fastapi": "conduit/api.py::home",
        },
        BareAnswer.location,
    ),
    Case(
        "routes",
        "a host that is not ours",
        [BareRequest("GET", "/items", host="other.example")],
        "400 where hosts are set (SETTING-2)",
        HOSTS,
    ),
    Case(
        "queries",
        "`limit=1&limit=2`",
        [get("/items?limit=1&limit=2")],
        "not defined",
    ),
    Case("queries", "`limit=abc`", limits("abc"), "422 (QUERY-6)", MESSAGES),
    Case(
        "queries",
        "`limit=` 1.0, +5, 1_0, and 5 after a space",
        limits("1.0", "%2B5", "1_0", "%205"),
        "422 each (QUERY-6)",
        INTEGERS,
        BareAnswer.body_only,
    ),
    Case("queries", "an empty `limit=`", limits(""), "422 (QUERY-6)", show=BareAnswer.status_only),
    Case(
        "queries",
        "`limit=%FF`",
        limits("%FF"),
        "422 (QUERY-6)",
        MESSAGES,
    ),
    Case(
        "answers",
        "keys, characters, separators",
        [get("/shapes")],
        '`{"zoo":"한글 é","ant":[1,2]}` (ANSWER-1)',
        RENDERING,
        BareAnswer.body_only,
    ),
    Case(
        "answers",
        "the type",
        [get("/shapes")],
        "`application/json; charset=utf-8` (ANSWER-1)",
        {
            "flask": HEADERS["flask"],
            "fastapi": HEADERS["fastapi"],
        },
        BareAnswer.type_only,
    ),
    Case(
        "answers",
        "a time with microseconds, UTC",
        [get("/time")],
        "`…56.637Z` (ANSWER-3)",
        TIMES,
        BareAnswer.body_only,
    ),
    Case("answers", "NaN", [get("/infinite")], "no such value", show=BareAnswer.body_only),
    Case(
        "answers",
        "headers of a 204",
        [BareRequest("DELETE", "/items/a")],
        "neither type nor length (ANSWER-2)",
        HEADERS,
        BareAnswer.empty_headers,
    ),
    Case("answers", "an exception", [get("/failure")], "500, JSON (FAIL-1)", FAILURES),
    Case(
        "answers",
        "whether middleware sees that 500",
        [get("/failure")],
        "yes (FAIL-1)",
        {"fastapi": FAILURES["fastapi"]},
        BareAnswer.marked,
    ),
    Case(
        "servers",
        "no `Host`",
        [BareRequest("GET", "/items", host=None)],
        "not defined",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "`Host` twice",
        [get("/items", Host="other.example")],
        "4xx (BASE-4)",
        REPEATED,
        BareAnswer.status_only,
    ),
    Case(
        "servers",
        "a header of 20,000 bytes",
        [get("/items", **{"X-Long": "a" * 20_000})],
        "4xx, or as usual (BASE-4)",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "a header of 70,000 bytes",
        [get("/items", **{"X-Long": "a" * 70_000})],
        "4xx, or as usual (BASE-4)",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "150 headers",
        [get("/items", **{f"X-{number}": "a" for number in range(150)})],
        "4xx, or as usual (BASE-4)",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "a path of 9,000 bytes",
        [get("/" + "a" * 9_000)],
        "4xx, or as usual (BASE-4)",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "a method in lower case",
        [BareRequest("get", "/items")],
        "405 (ROUTE-5)",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "a header on two lines",
        [get("/items", **{"X-Folded": "a\r\n b"})],
        "4xx (BASE-4)",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "a length, and chunks",
        [BareRequest("POST", "/items", (*JSON, ("Content-Length", "5")), ITEM, chunked=True)],
        "not defined",
        show=BareAnswer.status_only,
    ),
    Case(
        "servers",
        "invalid chunks",
        [
            BareRequest(
                "POST", "/items", (*JSON, ("Transfer-Encoding", "chunked")), b"zz\r\n", plain=True
            )
        ],
        "4xx (BASE-4)",
        {"flask": "conduit/contract/bodies.py::read_body"},
        BareAnswer.status_only,
    ),
    Case(
        "servers",
        "the `Server` header",
        [get("/items")],
        "not defined",
        show=BareAnswer.server,
    ),
]
