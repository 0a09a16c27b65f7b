"""The layers of the apps, by the names of their files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    name: str
    title: str
    files: tuple[str, ...]


LAYERS = (
    Layer("handler", "Route and handler", ("api.py",)),
    Layer("dependencies", "Dependencies and authentication", ("auth.py", "tokens.py")),
    Layer("schemas", "Schemas", ("schemas.py",)),
    Layer("services", "Services", ("services.py", "slugs.py", "passwords.py", "events.py")),
    Layer("queries", "Queries", ("queries.py",)),
    Layer("models", "Models and constraints", ("models.py",)),
    Layer("database", "Sessions and connections", ("engine.py", "base.py")),
    Layer("errors", "Errors", ("errors.py", "validation.py")),
    # All files in its folder, with any name.
    Layer("contract", "Contract", ()),
)
HANDLER, DEPENDENCIES, SCHEMAS, SERVICES, QUERIES, MODELS, DATABASE, ERRORS, CONTRACT = LAYERS
BY_NAME = {layer.name: layer for layer in LAYERS}
BY_FILE = {file: layer for layer in LAYERS for file in layer.files}
# By the names that they have in figures; the files of the contract are counted by their folder.
COUNTED = {"handlers" if layer is HANDLER else layer.name: layer for layer in LAYERS if layer.files}
