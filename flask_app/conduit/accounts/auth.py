"""Who is asking: decorators of the views that want to know."""

from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

from flask import current_app, g, request

from ..database import db
from ..errors import Unauthorized
from ..requests import validate
from .models import User
from .tokens import AccessToken, read_credentials, read_token

View = Callable[..., Any]

TOKEN: list[dict[str, list[Any]]] = [{"Token": []}]
TOKEN_OPTIONAL: list[dict[str, list[Any]]] = [{"Token": []}, {}]


def authenticate(token: AccessToken) -> User:
    """The user that the token was made for; raises `Unauthorized`."""
    user = db.session.get(User, token.user_id)
    if user is None or not user.accepts(token):
        raise Unauthorized(token="is invalid")
    return user


def login_required(view: View) -> View:
    """Ask for a token; the user is `g.user` then, and the token `g.token`."""

    def load_user() -> None:
        g.token = read_token(read_credentials(request.headers.get("Authorization")))
        g.user = authenticate(g.token)
        db.close()  # gives its connection back: what writes takes another one

    return before_validation(view, load_user)


def login_optional(view: View) -> View:
    """Take a token where there is one; `g.viewer` is nobody without, a bad one is refused."""

    def load_viewer() -> None:
        authorization = request.headers.get("Authorization")
        token = read_token(read_credentials(authorization)) if authorization else None
        g.viewer = authenticate(token) if token else None

    return before_validation(view, load_viewer)


def before_validation(view: View, load: Callable[[], None]) -> View:
    """Call `load`, then validate what the view takes: flask-openapi would do it the other way."""
    models = get_type_hints(view)

    @wraps(view)
    def loaded(**path: Any) -> Any:
        load()
        return current_app.ensure_sync(view)(**validate(models, path))

    loaded.__delay_validate_request__ = True  # type: ignore[attr-defined]
    return loaded
