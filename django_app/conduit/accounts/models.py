from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import acheck_password, check_password, make_password
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower

from ..clock import now
from .constraints import CaseInsensitiveUniqueConstraint
from .passwords import PasswordField
from .queries import UserQuerySet
from .tokens import AccessToken
from .validators import validate_bio, validate_email, validate_image, validate_username

models.CharField.register_lookup(Lower)
models.CharField.register_lookup(Length)


TAKEN: Any = {
    "violation_error_code": "unique",
    "violation_error_message": "has already been taken",
}


class UserManager(BaseUserManager["User"]):
    """Creates users that the API would accept; raises `ValidationError`.

    Forms and interactive commands validate a password before they pass it on.
    """

    def get_by_natural_key(self, email: str | None) -> "User":
        return UserQuerySet(self.model, using=self._db).with_email(email or "").get()

    async def aget_by_natural_key(self, email: str | None) -> "User":
        return await UserQuerySet(self.model, using=self._db).with_email(email or "").aget()

    def create_user(
        self, email: str, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A user; without a password, the user cannot sign in."""
        user = self.model(email=email, username=username, **fields)
        user.full_clean(exclude=["password"])
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A user with all permissions in the admin."""
        permissions = {"is_staff": True, "is_superuser": True}
        return self.create_user(email, username, password, **{**fields, **permissions})


class User(AbstractBaseUser, PermissionsMixin):
    email = models.CharField(max_length=254, validators=[validate_email])
    username = models.CharField(max_length=64, validators=[validate_username])
    password = PasswordField(max_length=128)
    bio = models.CharField(max_length=1000, null=True, blank=True, validators=[validate_bio])
    image = models.CharField(max_length=2000, null=True, blank=True, validators=[validate_image])
    token_version = models.IntegerField(default=1, db_default=1)
    is_active = models.BooleanField(default=True, db_default=True)
    is_staff = models.BooleanField(default=False, db_default=False)
    is_superuser = models.BooleanField(default=False, db_default=False)
    last_login = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)
    password_session_id = models.CharField(max_length=32, null=True, blank=True, editable=False)

    objects = UserManager.from_queryset(UserQuerySet)()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["username"]

    class Meta:
        db_table = "users"
        constraints = [
            CaseInsensitiveUniqueConstraint(fields=["email"], name="users_email_key", **TAKEN),
            CaseInsensitiveUniqueConstraint(
                fields=["username"], name="users_username_key", **TAKEN
            ),
            models.CheckConstraint(condition=Q(bio__length__gte=1), name="users_bio_check"),
            models.CheckConstraint(condition=Q(image__length__gte=1), name="users_image_check"),
        ]

    def __str__(self) -> str:
        return self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self._password = raw_password or ""

    def set_unusable_password(self) -> None:
        self.set_password(None)

    def check_password(self, raw_password: str | None) -> bool:
        return check_password(raw_password, self.password, self.renew_hash)

    async def acheck_password(self, raw_password: str | None) -> bool:
        return await acheck_password(raw_password, self.password, sync_to_async(self.renew_hash))

    def renew_hash(self, raw_password: str) -> None:
        """Hash the password again with current parameters, unless another one has been set since.

        Django's method saves the hash even then. This method ends no session.
        """
        stored = User.objects.filter(pk=self.pk, password=self.password)
        renewed = make_password(raw_password)
        if stored.update(password=renewed):
            self.password = renewed  # the admin checks its sessions against it

    def save(self, **options: Any) -> None:
        """A password that was set by `set_password` ends all sessions.

        Django keeps it in `_password` until it is saved.
        """
        fields = options.get("update_fields")
        if fields is not None and "password" not in fields:
            unsaved = self._password
            self._password = None  # type: ignore[assignment]
            try:
                super().save(**options)
            finally:
                self._password = unsaved
            return
        if self._password is not None and not self._state.adding:
            self.token_version = F("token_version") + 1
            self.password_session_id = None
            if fields is not None:
                options["update_fields"] = {*fields, "token_version", "password_session_id"}
        super().save(**options)

    def accepts(self, token: AccessToken) -> bool:
        """Whether the token is current, or belongs to the session that set the password."""
        current = token.version == self.token_version
        return self.is_active and (current or token.session_id == self.password_session_id)


class Follow(models.Model):
    follower = models.ForeignKey(User, models.DB_CASCADE, related_name="follows", db_index=False)
    followed = models.ForeignKey(
        User, models.DB_CASCADE, related_name="followed_by", db_index=False
    )

    class Meta:
        db_table = "follows"
        constraints = [
            models.UniqueConstraint(
                fields=["follower", "followed"], name="follows_follower_followed_key"
            ),
            models.CheckConstraint(
                condition=~Q(follower=F("followed")),
                name="follows_not_oneself_check",
                violation_error_message="Nobody follows themselves.",
            ),
        ]
        indexes = [models.Index(fields=["followed"], name="follows_followed_idx")]

    def __str__(self) -> str:
        return f"user {self.follower_id} follows user {self.followed_id}"
