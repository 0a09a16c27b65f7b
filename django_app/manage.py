#!/usr/bin/env python
"""Django's command line: `python manage.py migrate`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
    # The timeout is for requests; a migration may take longer.
    if "runserver" not in sys.argv[1:2]:
        os.environ.setdefault("CONDUIT_DATABASE_TIMEOUT", "0")
    execute_from_command_line(sys.argv)
