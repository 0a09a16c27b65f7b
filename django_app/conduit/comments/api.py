from ninja import Router, Status

from ..accounts.auth import UserRequest, ViewerRequest, login_optional, login_required
from ..openapi import TOKEN_OPTIONAL, error_responses
from . import schemas, services
from .models import Comment

router = Router(tags=["Comments"], by_alias=True)


@router.get(
    "/articles/{slug}/comments",
    auth=login_optional,
    response={200: schemas.CommentsResponse, **error_responses(401, 404)},
    openapi_extra=TOKEN_OPTIONAL,
)
def get_article_comments(request: ViewerRequest, slug: str) -> dict[str, list[Comment]]:
    """Get the comments of an article"""
    return {"comments": services.get_comments(slug=slug, viewer=request.auth)}


@router.post(
    "/articles/{slug}/comments",
    auth=login_required,
    response={201: schemas.CommentResponse, **error_responses(400, 401, 404, 413, 415, 422)},
)
def create_article_comment(
    request: UserRequest, slug: str, payload: schemas.NewCommentRequest
) -> Status[dict[str, Comment]]:
    """Comment on an article"""
    comment = services.create_comment(slug=slug, author=request.auth, body=payload.comment.body)
    return Status(201, {"comment": comment})


@router.delete(
    "/articles/{slug}/comments/{id}",
    auth=login_required,
    response={204: None, **error_responses(401, 403, 404)},
)
def delete_article_comment(request: UserRequest, slug: str, id: str) -> Status[None]:
    """Delete a comment"""
    services.delete_comment(slug=slug, comment_id=id, user=request.auth)
    return Status(204, None)
