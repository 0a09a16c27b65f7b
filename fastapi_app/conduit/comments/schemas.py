from typing import Annotated

from pydantic import Field

from ..accounts.schemas import Profile
from ..schemas import Answer, RequiredText, Timestamp, Wire


class NewComment(Wire):
    body: Annotated[RequiredText, Field(max_length=10_000, examples=["Well said."])]


class NewCommentRequest(Wire):
    comment: NewComment


class Comment(Answer):
    id: int
    created_at: Timestamp
    updated_at: Timestamp
    body: str
    author: Profile


class CommentResponse(Answer):
    comment: Comment


class CommentsResponse(Answer):
    comments: list[Comment]
