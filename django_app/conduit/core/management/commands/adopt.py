"""Django's command `adopt`: takes over a database whose tables another app made."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from conduit.core import adoption


class Command(BaseCommand):
    help = (
        "Records the first migrations as applied where another app has made the tables, and"
        " changes nothing otherwise. Run `migrate` after it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections))

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if not adoption.needs_adoption(connection):
            self.say("Nothing to adopt.", options)
            return
        deviations = adoption.find_deviations(connection)
        if deviations:
            raise CommandError(
                "the database was made by something else and differs from this app's schema"
                f" ({len(deviations)} differences, the first: {deviations[0]})"
            )
        adoption.adopt(connection)
        self.say("Adopted: now run `migrate`.", options)

    def say(self, line: str, options: dict[str, Any]) -> None:
        if options["verbosity"] >= 1:
            self.stdout.write(line)
