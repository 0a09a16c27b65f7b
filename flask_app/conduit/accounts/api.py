from flask import g
from flask_openapi.blueprint import APIBlueprint

from ..openapi import TOKEN, TOKEN_OPTIONAL, error_responses, operation_id
from ..schemas import Schema
from . import schemas, services
from .auth import issue_token, login_optional, login_required
from .models import User

bp = APIBlueprint("accounts", __name__, operation_id_callback=operation_id)


class ProfilePath(Schema):
    username: str


def user_response(user: User, token: str) -> schemas.UserResponse:
    shown = schemas.User(
        email=user.email, token=token, username=user.username, bio=user.bio, image=user.image
    )
    return schemas.UserResponse(user=shown)


@bp.post(
    "/users/login",
    tags=[{"name": "Accounts"}],
    responses={200: schemas.UserResponse, **error_responses(400, 401, 413, 415, 422)},
)
def login(body: schemas.LoginRequest) -> schemas.UserResponse:
    """Sign in"""
    user = services.login(**body.user.model_dump())
    return user_response(user, issue_token(user))


@bp.post(
    "/users",
    tags=[{"name": "Accounts"}],
    responses={201: schemas.UserResponse, **error_responses(400, 409, 413, 415, 422)},
)
def create_user(body: schemas.NewUserRequest) -> tuple[schemas.UserResponse, int]:
    """Register"""
    user = services.create_user(**body.user.model_dump())
    return user_response(user, issue_token(user)), 201


@bp.get(
    "/user",
    tags=[{"name": "Accounts"}],
    security=TOKEN,
    responses={200: schemas.UserResponse, **error_responses(401)},
)
@login_required
def get_current_user() -> schemas.UserResponse:
    """Get the current user"""
    return user_response(g.user, g.token.text)


@bp.put(
    "/user",
    tags=[{"name": "Accounts"}],
    security=TOKEN,
    responses={200: schemas.UserResponse, **error_responses(400, 401, 409, 413, 415, 422)},
)
@login_required
def update_current_user(body: schemas.UserUpdateRequest) -> schemas.UserResponse:
    """Update the current user"""
    user = services.update_user(token=g.token, changes=body.user.model_dump())
    return user_response(user, issue_token(user, g.token.session_id))


@bp.get(
    "/profiles/<username>",
    tags=[{"name": "Profiles"}],
    security=TOKEN_OPTIONAL,
    responses={200: schemas.ProfileResponse, **error_responses(401, 404)},
)
@login_optional
def get_profile_by_username(path: ProfilePath) -> schemas.ProfileResponse:
    """Get a profile"""
    profile = services.get_profile(username=path.username, viewer=g.viewer)
    return schemas.ProfileResponse.model_validate({"profile": profile})


@bp.post(
    "/profiles/<username>/follow",
    tags=[{"name": "Profiles"}],
    security=TOKEN,
    responses={200: schemas.ProfileResponse, **error_responses(401, 403, 404)},
)
@login_required
def follow_user_by_username(path: ProfilePath) -> schemas.ProfileResponse:
    """Follow a user"""
    profile = services.follow_user(username=path.username, user=g.user)
    return schemas.ProfileResponse.model_validate({"profile": profile})


@bp.delete(
    "/profiles/<username>/follow",
    tags=[{"name": "Profiles"}],
    security=TOKEN,
    responses={200: schemas.ProfileResponse, **error_responses(401, 404)},
)
@login_required
def unfollow_user_by_username(path: ProfilePath) -> schemas.ProfileResponse:
    """Unfollow a user"""
    profile = services.unfollow_user(username=path.username, user=g.user)
    return schemas.ProfileResponse.model_validate({"profile": profile})
