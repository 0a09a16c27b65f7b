from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from .models import Article, ArticleTag, Favorite, Tag


class ArticleTagInline(admin.TabularInline):
    model = ArticleTag
    autocomplete_fields = ["tag"]
    extra = 0


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ["title", "slug", "author", "created_at", "updated_at"]
    list_select_related = ["author"]
    list_filter = ["created_at"]
    search_fields = ["title", "slug", "author__username"]
    autocomplete_fields = ["author"]
    readonly_fields = ["created_at"]
    inlines = [ArticleTagInline]
    ordering = ["-id"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Without the bodies, which the list does not show."""
        return super().get_queryset(request).defer("body")


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    search_fields = ["name"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(ArticleTag)
class ArticleTagAdmin(admin.ModelAdmin):
    list_display = ["article", "tag"]
    list_select_related = ["article", "tag"]
    search_fields = ["article__title", "tag__name"]
    autocomplete_fields = ["article", "tag"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(Favorite)
class FavoriteAdmin(admin.ModelAdmin):
    list_display = ["article", "user"]
    list_select_related = ["article", "user"]
    search_fields = ["article__title", "user__username"]
    autocomplete_fields = ["article", "user"]
    ordering = ["-id"]
    show_full_result_count = False
