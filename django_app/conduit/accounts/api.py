from django.http import HttpRequest
from ninja import Router, Status

from ..openapi import TOKEN_OPTIONAL, error_responses
from . import schemas, services
from .auth import UserRequest, ViewerRequest, issue_token, login_optional, login_required
from .models import User

router = Router(by_alias=True)


def user_response(user: User, token: str) -> schemas.UserResponse:
    shown = schemas.User(
        email=user.email, token=token, username=user.username, bio=user.bio, image=user.image
    )
    return schemas.UserResponse(user=shown)


@router.post(
    "/users/login",
    tags=["Accounts"],
    response={200: schemas.UserResponse, **error_responses(400, 401, 413, 415, 422)},
)
def login(request: HttpRequest, payload: schemas.LoginRequest) -> schemas.UserResponse:
    """Sign in"""
    user = services.login(**payload.user.model_dump())
    return user_response(user, issue_token(user))


@router.post(
    "/users",
    tags=["Accounts"],
    response={201: schemas.UserResponse, **error_responses(400, 409, 413, 415, 422)},
)
def create_user(
    request: HttpRequest, payload: schemas.NewUserRequest
) -> Status[schemas.UserResponse]:
    """Register"""
    user = services.create_user(**payload.user.model_dump())
    return Status(201, user_response(user, issue_token(user)))


@router.get(
    "/user",
    tags=["Accounts"],
    auth=login_required,
    response={200: schemas.UserResponse, **error_responses(401)},
)
def get_current_user(request: UserRequest) -> schemas.UserResponse:
    """Get the current user"""
    return user_response(request.auth, request.token.text)


@router.put(
    "/user",
    tags=["Accounts"],
    auth=login_required,
    response={200: schemas.UserResponse, **error_responses(400, 401, 409, 413, 415, 422)},
)
def update_current_user(
    request: UserRequest, payload: schemas.UserUpdateRequest
) -> schemas.UserResponse:
    """Update the current user"""
    user = services.update_user(token=request.token, changes=payload.user.model_dump())
    return user_response(user, issue_token(user, request.token.session_id))


@router.get(
    "/profiles/{username}",
    tags=["Profiles"],
    auth=login_optional,
    response={200: schemas.ProfileResponse, **error_responses(401, 404)},
    openapi_extra=TOKEN_OPTIONAL,
)
def get_profile_by_username(request: ViewerRequest, username: str) -> dict[str, User]:
    """Get a profile"""
    profile = services.get_profile(username=username, viewer=request.auth)
    return {"profile": profile}


@router.post(
    "/profiles/{username}/follow",
    tags=["Profiles"],
    auth=login_required,
    response={200: schemas.ProfileResponse, **error_responses(401, 403, 404)},
)
def follow_user_by_username(request: UserRequest, username: str) -> dict[str, User]:
    """Follow a user"""
    profile = services.follow_user(username=username, user=request.auth)
    return {"profile": profile}


@router.delete(
    "/profiles/{username}/follow",
    tags=["Profiles"],
    auth=login_required,
    response={200: schemas.ProfileResponse, **error_responses(401, 404)},
)
def unfollow_user_by_username(request: UserRequest, username: str) -> dict[str, User]:
    """Unfollow a user"""
    profile = services.unfollow_user(username=username, user=request.auth)
    return {"profile": profile}
