"""The application for an ASGI server: `uvicorn conduit.asgi:app`."""

from . import check
from .main import create_app
from .settings import load_settings

check.require()
app = create_app(load_settings())
