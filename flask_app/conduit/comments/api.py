from flask import g
from flask_openapi.blueprint import APIBlueprint

from ..accounts.auth import login_optional, login_required
from ..articles.api import ArticlePath
from ..openapi import TOKEN, TOKEN_OPTIONAL, error_responses, operation_id
from . import schemas, services

bp = APIBlueprint(
    "comments", __name__, operation_id_callback=operation_id, abp_tags=[{"name": "Comments"}]
)


class CommentPath(ArticlePath):
    id: str


@bp.get(
    "/articles/<slug>/comments",
    security=TOKEN_OPTIONAL,
    responses={200: schemas.CommentsResponse, **error_responses(401, 404)},
)
@login_optional
def get_article_comments(path: ArticlePath) -> schemas.CommentsResponse:
    """Get the comments of an article"""
    comments = services.get_comments(slug=path.slug, viewer=g.viewer)
    return schemas.CommentsResponse.model_validate({"comments": comments})


@bp.post(
    "/articles/<slug>/comments",
    security=TOKEN,
    responses={201: schemas.CommentResponse, **error_responses(400, 401, 404, 413, 415, 422)},
)
@login_required
def create_article_comment(
    path: ArticlePath, body: schemas.NewCommentRequest
) -> tuple[schemas.CommentResponse, int]:
    """Comment on an article"""
    comment = services.create_comment(slug=path.slug, author=g.user, body=body.comment.body)
    return schemas.CommentResponse.model_validate({"comment": comment}), 201


@bp.delete(
    "/articles/<slug>/comments/<id>",
    security=TOKEN,
    responses={204: None, **error_responses(401, 403, 404)},
)
@login_required
def delete_article_comment(path: CommentPath) -> tuple[str, int]:
    """Delete a comment"""
    services.delete_comment(slug=path.slug, comment_id=path.id, user=g.user)
    return "", 204
