"""The settings of `startproject`, without those that need a database."""

ROOT_URLCONF = "compare.prove.bare.with_django"
ALLOWED_HOSTS = ["127.0.0.1"]
MIDDLEWARE = [
    "compare.prove.bare.with_django.mark",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
