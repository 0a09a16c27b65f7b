from django.contrib import admin

from .models import Comment


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["id", "article", "author", "created_at"]
    list_select_related = ["article", "author"]
    list_filter = ["created_at"]
    search_fields = ["body", "article__title", "author__username"]
    autocomplete_fields = ["article", "author"]
    readonly_fields = ["created_at"]
    ordering = ["-id"]
    show_full_result_count = False
