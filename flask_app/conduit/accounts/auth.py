"""Who is asking: decorators of the views that want to know."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request
from flask_openapi.endpoint import create_view_func
from flask_openapi.utils import parse_parameters

from ..database import session
from ..errors import Unauthorized
from .models import User
from .tokens import read_credentials, read_token

View = Callable[..., Any]

TOKEN: list[dict[str, list[Any]]] = [{"Token": []}]
TOKEN_OPTIONAL: list[dict[str, list[Any]]] = [{"Token": []}, {}]


def authenticate(token: str) -> User:
    """The user whom the token was made for; raises `Unauthorized`."""
    user_id, version = read_token(token)
    user = session.get(User, user_id)
    if user is None or not user.is_active or user.token_version != version:
        raise Unauthorized(token="is invalid")
    return user


def login_required(view: View) -> View:
    """Ask for a token; the user is `g.user` then, and the token `g.token`."""

    def load_user() -> None:
        g.token = read_credentials(request.headers.get("Authorization"))
        g.user = authenticate(g.token)

    return before_validation(view, load_user)


def login_optional(view: View) -> View:
    """Take a token where there is one; `g.viewer` is nobody without, a bad one is refused."""

    def load_viewer() -> None:
        authorization = request.headers.get("Authorization")
        g.viewer = authenticate(read_credentials(authorization)) if authorization else None

    return before_validation(view, load_viewer)


def before_validation(view: View, load: Callable[[], None]) -> View:
    """Call `load` before flask-openapi validates: it does so around any other decorator."""
    validated = create_view_func(view, *parse_parameters(view, doc_ui=False))

    @wraps(view, updated=())
    def loaded(**kwargs: Any) -> Any:
        load()
        return validated(**kwargs)

    loaded.__delay_validate_request__ = True  # type: ignore[attr-defined]
    return loaded
