from typing import Any

from fastapi import APIRouter

from ..accounts.auth import CurrentUser, Viewer
from ..database import ReadSession, WriteSession
from ..openapi import TOKEN_OPTIONAL, error_responses
from . import schemas, services

router = APIRouter(tags=["Comments"])


@router.get(
    "/articles/{slug}/comments",
    response_model=schemas.CommentsResponse,
    responses=error_responses(401, 404),
    openapi_extra=TOKEN_OPTIONAL,
)
async def get_article_comments(slug: str, viewer: Viewer, session: ReadSession) -> Any:
    """Get the comments of an article"""
    return {"comments": await services.get_comments(session, slug=slug, viewer=viewer)}


@router.post(
    "/articles/{slug}/comments",
    response_model=schemas.CommentResponse,
    status_code=201,
    responses=error_responses(400, 401, 404, 413, 415, 422),
)
async def create_article_comment(
    slug: str, payload: schemas.NewCommentRequest, user: CurrentUser, session: WriteSession
) -> Any:
    """Comment on an article"""
    comment = await services.create_comment(
        session, slug=slug, author=user, body=payload.comment.body
    )
    return {"comment": comment}


@router.delete(
    "/articles/{slug}/comments/{id}", status_code=204, responses=error_responses(401, 403, 404)
)
async def delete_article_comment(
    slug: str, id: str, user: CurrentUser, session: WriteSession
) -> None:
    """Delete a comment"""
    await services.delete_comment(session, slug=slug, comment_id=id, user=user)
