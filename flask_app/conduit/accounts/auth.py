"""Authentication: decorators mark the views that need it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, current_app, g, request

from ..database import db
from ..errors import Unauthorized
from .models import User
from .tokens import AccessToken, make_token, read_credentials, read_token


def authenticate(token: AccessToken) -> User:
    """The user that the token was made for; raises `Unauthorized`.

    Outside a transaction, what the request has read before is detached, as by `db.begin`.
    """
    user = db.session.get(User, token.user_id)
    db.close()  # outside a transaction, returns the connection before a write takes one
    if user is None or not user.accepts(token):
        raise Unauthorized(token="is invalid")
    return user


def issue_token(user: User, session_id: str | None = None) -> str:
    """A new token for the user, for this session or for a new one."""
    return make_token(user_id=user.id, version=user.token_version, session_id=session_id)


def login_required(view: Callable[..., Any]) -> Any:
    """Require a token; sets `g.token`, and `g.user`, which belongs to no session.

    Inside `db.begin`, `g.user` belongs to that transaction.
    """
    return load_first(load_user, view)


def login_optional(view: Callable[..., Any]) -> Any:
    """Sets `g.viewer`: the user, or None without a token. A bad token is refused."""
    return load_first(load_viewer, view)


def load_first(load: Callable[[], None], view: Callable[..., Any]) -> Any:
    """Mark the view for the hook below, and load the user here if the hook did not see the mark.

    The hook does not see it on a method of a view class, or below another decorator.
    """

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if g.get("loaded") is not load:
            load()
        return current_app.ensure_sync(view)(*args, **kwargs)

    checked.login = load  # type: ignore[attr-defined]
    return checked


def load_user() -> None:
    g.token = read_token(read_credentials(request.headers.get("Authorization")))
    g.user = authenticate(g.token)


def load_viewer() -> None:
    authorization = request.headers.get("Authorization")
    token = read_token(read_credentials(authorization)) if authorization else None
    g.viewer = authenticate(token) if token else None


def register(app: Flask) -> None:
    """Load the user before the view is called and its arguments are validated."""

    @app.before_request
    def load() -> None:
        g.pop("loaded", None)  # of an earlier request in the same app context, as in tests
        view = current_app.view_functions.get(request.endpoint or "")
        login = getattr(view, "login", None)
        if login and request.method != "OPTIONS":  # a preflight has no token
            login()
            g.loaded = login
