"""Mounts every domain under `/api`, in the contract's order."""

from fastapi import APIRouter

from . import docs
from .accounts.api import router as accounts
from .articles.api import router as articles
from .comments.api import router as comments
from .health import router as health

api = APIRouter(prefix="/api")
for part in (accounts, articles, comments, health, docs.router):
    api.include_router(part)
