"""The code that makes this app's responses equal to those of the other two apps, byte for byte.

It is installed as any Django app is: in `INSTALLED_APPS`, `MIDDLEWARE` and the root URLconf.
No other module imports it: without it, Django and Ninja respond as their documentation says.
Each module begins with what changes without it; docs/differences.md has the measurements.
"""
