"""The application for an ASGI server: `uvicorn conduit.asgi:app`."""

from . import check, logs
from .main import create_app
from .settings import load_settings

check.require()
settings = load_settings()
logs.configure(settings.log_level)
app = create_app(settings)
