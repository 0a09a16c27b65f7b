"""The application for a WSGI server: `gunicorn conduit.wsgi:app`, after `flask check`."""

from . import create_app

app = create_app()
