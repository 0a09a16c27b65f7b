from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest

from ..admin import LockingAdmin, UnchangedAdmin
from . import services
from .models import Follow, User


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "username"]


@admin.register(User)
class ConduitUserAdmin(LockingAdmin, UserAdmin):
    add_form = NewUserForm
    list_display = ["username", "email", "created_at", "is_active", "is_staff"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["username", "email"]
    readonly_fields = ["created_at", "last_login", "token_version"]
    fieldsets = [
        (None, {"fields": ["username", "email", "password", "bio", "image"]}),
        ("Sessions", {"fields": ["token_version", "last_login", "created_at"]}),
        (
            "Permissions",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "usable_password", "password1", "password2"]})
    ]

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.remove_users(User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        services.remove_users(queryset)


@admin.register(Follow)
class FollowAdmin(UnchangedAdmin):
    list_display = ["follower", "followed"]
    list_select_related = ["follower", "followed"]
    search_fields = ["follower__username", "followed__username"]
    autocomplete_fields = ["follower", "followed"]
