from typing import Any

from fastapi import APIRouter

from ..database import ReadSession, SessionsDep, WriteSession
from ..openapi import TOKEN_OPTIONAL, error_responses
from ..settings import SettingsDep
from . import schemas, services
from .auth import CurrentUser, Token, Viewer, issue_token
from .models import User

router = APIRouter()


def user_response(user: User, token: str) -> schemas.UserResponse:
    shown = schemas.User(
        email=user.email, token=token, username=user.username, bio=user.bio, image=user.image
    )
    return schemas.UserResponse(user=shown)


@router.post("/users/login", tags=["Accounts"], responses=error_responses(400, 401, 413, 415, 422))
async def login(
    payload: schemas.LoginRequest, sessions: SessionsDep, settings: SettingsDep
) -> schemas.UserResponse:
    """Sign in"""
    user = await services.login(sessions, settings=settings, **payload.user.model_dump())
    return user_response(user, issue_token(settings, user))


@router.post(
    "/users", status_code=201, tags=["Accounts"], responses=error_responses(400, 409, 413, 415, 422)
)
async def create_user(
    payload: schemas.NewUserRequest, session: WriteSession, settings: SettingsDep
) -> schemas.UserResponse:
    """Register"""
    user = await services.create_user(session, settings=settings, **payload.user.model_dump())
    return user_response(user, issue_token(settings, user))


@router.get("/user", tags=["Accounts"], responses=error_responses(401))
async def get_current_user(user: CurrentUser, token: Token) -> schemas.UserResponse:
    """Get the current user"""
    return user_response(user, token.text)


@router.put("/user", tags=["Accounts"], responses=error_responses(400, 401, 409, 413, 415, 422))
async def update_current_user(
    payload: schemas.UserUpdateRequest,
    user: CurrentUser,
    token: Token,
    session: WriteSession,
    settings: SettingsDep,
) -> schemas.UserResponse:
    """Update the current user"""
    user = await services.update_user(
        session, settings=settings, token=token, changes=payload.user.model_dump()
    )
    return user_response(user, issue_token(settings, user, token.session_id))


@router.get(
    "/profiles/{username}",
    response_model=schemas.ProfileResponse,
    tags=["Profiles"],
    responses=error_responses(401, 404),
    openapi_extra=TOKEN_OPTIONAL,
)
async def get_profile_by_username(username: str, viewer: Viewer, session: ReadSession) -> Any:
    """Get a profile"""
    profile = await services.get_profile(session, username=username, viewer=viewer)
    return {"profile": profile}


@router.post(
    "/profiles/{username}/follow",
    response_model=schemas.ProfileResponse,
    tags=["Profiles"],
    responses=error_responses(401, 403, 404),
)
async def follow_user_by_username(username: str, user: CurrentUser, session: WriteSession) -> Any:
    """Follow a user"""
    profile = await services.follow_user(session, username=username, user=user)
    return {"profile": profile}


@router.delete(
    "/profiles/{username}/follow",
    response_model=schemas.ProfileResponse,
    tags=["Profiles"],
    responses=error_responses(401, 404),
)
async def unfollow_user_by_username(username: str, user: CurrentUser, session: WriteSession) -> Any:
    """Unfollow a user"""
    profile = await services.unfollow_user(session, username=username, user=user)
    return {"profile": profile}
