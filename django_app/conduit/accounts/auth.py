"""Authentication: the values for the `auth` of an operation."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja.security import APIKeyHeader

from ..errors import Unauthorized
from .models import User
from .tokens import AccessToken, make_token, read_credentials, read_token


class UserRequest(HttpRequest):
    """A request of a user: the attributes that Ninja and `Token` set."""

    auth: User
    token: AccessToken


class ViewerRequest(HttpRequest):
    """A request of a user or of an anonymous reader."""

    auth: User | AnonymousUser


class Token(APIKeyHeader):
    """The `Authorization` header: `Token <jwt>` or `Bearer <jwt>`.

    It raises an error for a bad token, so it must be the last in a list of authenticators.
    """

    param_name = "Authorization"
    openapi_description = "`Token <jwt>` or `Bearer <jwt>`"

    def __init__(self, *, optional: bool = False) -> None:
        super().__init__()
        self.optional = optional

    def authenticate(self, request: HttpRequest, key: str | None) -> User | AnonymousUser:
        """The user of the token; an anonymous user if the token is optional and not sent."""
        if self.optional and not key:
            return AnonymousUser()
        token = read_token(read_credentials(key))
        request.token = token  # type: ignore[attr-defined]
        return authenticate(token)


def authenticate(token: AccessToken) -> User:
    """The user that the token was made for; raises `Unauthorized`."""
    user = User.objects.filter(pk=token.user_id).first()
    if user is None or not user.accepts(token):
        raise Unauthorized(token="is invalid")
    return user


def issue_token(user: User, session_id: str | None = None) -> str:
    """A new token for the user, for this session or for a new one."""
    return make_token(user_id=user.pk, version=user.token_version, session_id=session_id)


login_required = Token()
login_optional = Token(optional=True)
