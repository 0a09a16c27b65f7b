"""Authentication: decorators mark the views that need it."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g, request

from ..database import db
from ..errors import Unauthorized
from .models import User
from .tokens import AccessToken, make_token, read_credentials, read_token


def authenticate(token: AccessToken) -> User:
    """The user that the token was made for; raises `Unauthorized`."""
    with db.sessions.reading() as session:
        user = session.get(User, token.user_id)
    if user is None or not user.accepts(token):
        raise Unauthorized(token="is invalid")
    return user


def issue_token(user: User, session_id: str | None = None) -> str:
    """A new token for the user, of the session or of a new one."""
    return make_token(user_id=user.id, version=user.token_version, session_id=session_id)


def login_required[V: Callable[..., Any]](view: V) -> V:
    """Ask for a token; the user is `g.user` then, and the token `g.token`."""
    view.login = load_user  # type: ignore[attr-defined]
    return view


def login_optional[V: Callable[..., Any]](view: V) -> V:
    """Take a token where there is one; without one `g.viewer` is None. A bad one is refused."""
    view.login = load_viewer  # type: ignore[attr-defined]
    return view


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
        view = current_app.view_functions.get(request.endpoint or "")
        if login := getattr(view, "login", None):
            login()
