from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple, RelatedFieldWidgetWrapper
from django.db.models import QuerySet
from django.http import HttpRequest

from ..admin import LockingAdmin, UnchangedAdmin
from ..validators import validate_as
from . import schemas, services
from .models import Article, Favorite, Tag

TAGS: Any = Article._meta.get_field("tags")


class ArticleForm(forms.ModelForm):
    """An article with its tags; the services write the links between them."""

    tag_list = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        required=False,
        widget=RelatedFieldWidgetWrapper(
            AutocompleteSelectMultiple(TAGS, admin.site),
            TAGS.remote_field,
            admin.site,
            can_add_related=True,
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["tag_list"] = self.instance.tags.all()

    def clean_tag_list(self) -> list[str]:
        names = [tag.name for tag in self.cleaned_data["tag_list"]]
        validate_as(schemas.TagList, names)
        return names


@admin.register(Article)
class ArticleAdmin(LockingAdmin):
    form = ArticleForm
    fields = [
        "author",
        "title",
        "slug",
        "description",
        "body",
        "tag_list",
        "created_at",
        "updated_at",
    ]
    list_display = ["title", "slug", "author", "created_at", "updated_at"]
    list_select_related = ["author"]
    list_filter = ["created_at"]
    search_fields = ["title", "slug", "author__username"]
    autocomplete_fields = ["author"]
    readonly_fields = ["slug", "created_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Without the bodies, which the list does not show."""
        return super().get_queryset(request).defer("body")

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        return [*self.readonly_fields, "author"] if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        if not change:
            services.add_article(obj, tag_list=form.cleaned_data["tag_list"])
        elif form.changed_data:
            # From the model if possible: in `cleaned_data` a cleared file is False.
            changes = {n: getattr(obj, n, form.cleaned_data[n]) for n in form.changed_data}
            article = services.get_article_for_change(obj.slug)
            services.change_article(article, changes=changes, viewer=article.author)

    def delete_model(self, request: HttpRequest, obj: Article) -> None:
        services.remove_article(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        services.remove_articles(queryset)


@admin.register(Tag)
class TagAdmin(UnchangedAdmin):
    search_fields = ["name"]
    actions = ["remove_tags"]

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        """Never: an article that is being written may get the tag."""
        return False

    @admin.action(description="Remove the tags from all articles", permissions=["remove_tags"])
    def remove_tags(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        services.remove_tags(queryset)

    def has_remove_tags_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("articles.change_article")


@admin.register(Favorite)
class FavoriteAdmin(UnchangedAdmin):
    list_display = ["article", "user"]
    list_select_related = ["article", "user"]
    search_fields = ["article__title", "user__username"]
    autocomplete_fields = ["article", "user"]

    def save_model(self, request: HttpRequest, obj: Favorite, form: Any, change: bool) -> None:
        services.favorite_article(slug=obj.article.slug, user=obj.user)
        obj.pk = obj.user.favorites.get(article=obj.article).pk

    def delete_model(self, request: HttpRequest, obj: Favorite) -> None:
        services.remove_favorites(Favorite.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Favorite]) -> None:
        services.remove_favorites(queryset)
