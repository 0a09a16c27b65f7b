from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ..admin import UnchangedAdmin
from . import services
from .models import Comment


@admin.register(Comment)
class CommentAdmin(UnchangedAdmin):
    fields = ["article", "author", "body", "created_at"]
    list_display = ["id", "article", "author", "created_at"]
    list_select_related = ["article", "author"]
    list_filter = ["created_at"]
    search_fields = ["body", "article__title", "author__username"]
    autocomplete_fields = ["article", "author"]
    readonly_fields = ["created_at"]

    def save_model(self, request: HttpRequest, obj: Comment, form: Any, change: bool) -> None:
        shown = services.create_comment(slug=obj.article.slug, author=obj.author, body=obj.body)
        obj.pk = shown.id

    def delete_model(self, request: HttpRequest, obj: Comment) -> None:
        services.remove_comments(Comment.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        services.remove_comments(queryset)
