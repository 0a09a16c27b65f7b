from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import MISSING

from ..schemas import ABSENT, FilledText, RequiredText, ResponseSchema, Schema, Text

USERNAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$"
# HTML's pattern for <input type=email>, but with at least one dot in the domain.
EMAIL_PATTERN = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$"
)


def matches(pattern: str) -> Any:
    """A pattern that is always in the document; Pydantic's is only there as first constraint."""
    return Field(pattern=pattern, json_schema_extra={"pattern": pattern})


def empty_to_null(value: str) -> str | None:
    return value or None


Username = Annotated[FilledText, matches(USERNAME_PATTERN), Field(max_length=64, examples=["ada"])]
Email = Annotated[
    FilledText, matches(EMAIL_PATTERN), Field(max_length=254, examples=["ada@example.com"])
]
Password = Annotated[
    RequiredText, Field(min_length=8), Field(max_length=128, examples=["correct horse"])
]
Bio = Annotated[
    Annotated[Text, Field(max_length=1000)] | None,
    AfterValidator(empty_to_null),
    Field(examples=["Wrote the first program."]),
]
Image = Annotated[
    Annotated[Text, Field(max_length=2000)] | None,
    AfterValidator(empty_to_null),
    Field(examples=["https://example.com/ada.png"]),
]


class Login(Schema):
    email: Annotated[RequiredText, Field(examples=["ada@example.com"])]
    password: Annotated[RequiredText, Field(examples=["correct horse"])]


class LoginRequest(Schema):
    user: Login


class NewUser(Schema):
    username: Username
    email: Email
    password: Password


class NewUserRequest(Schema):
    user: NewUser


class UserUpdate(Schema):
    """Fields that are not sent keep their values."""

    email: Email | MISSING = ABSENT
    password: Password | MISSING = ABSENT
    username: Username | MISSING = ABSENT
    bio: Bio | MISSING = ABSENT
    image: Image | MISSING = ABSENT


class UserUpdateRequest(Schema):
    user: UserUpdate


class User(ResponseSchema):
    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


class UserResponse(ResponseSchema):
    user: User


class Profile(ResponseSchema):
    username: str
    bio: str | None
    image: str | None
    following: bool


class ProfileResponse(ResponseSchema):
    profile: Profile
