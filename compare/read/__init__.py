"""Read one app beside another."""
