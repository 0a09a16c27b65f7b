from typing import Annotated

from pydantic import Field

from ..accounts.schemas import Profile
from ..schemas import RequiredText, ResponseSchema, Schema, Timestamp


class NewComment(Schema):
    body: Annotated[RequiredText, Field(max_length=10_000, examples=["Well said."])]


class NewCommentRequest(Schema):
    comment: NewComment


class Comment(ResponseSchema):
    id: int
    created_at: Timestamp
    updated_at: Timestamp
    body: str
    author: Profile


class CommentResponse(ResponseSchema):
    comment: Comment


class CommentsResponse(ResponseSchema):
    comments: list[Comment]
