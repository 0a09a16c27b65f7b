"""The engine that the settings name: Django looks for it in `base`."""
