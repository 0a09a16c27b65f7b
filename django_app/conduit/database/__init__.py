"""The database's engine, in `base` where Django looks."""
