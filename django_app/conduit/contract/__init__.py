"""What it takes to answer to the byte like the other two apps.

It is installed as any Django app is: in `INSTALLED_APPS`, `MIDDLEWARE` and the root URLconf.
Nothing else here imports it: without it, Django and Ninja answer as their documentation says.
Each module begins with what that is, and docs/differences.md has it measured.
"""
