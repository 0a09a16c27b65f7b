"""What holds in development where nothing is set."""

from .harness import register, rule
from .harness.servers import Server
from .harness.tokens import claims_of, honest_claims, make


@rule("SETTING-1")
def test_lifetime_by_default(quiet: Server) -> None:
    """A token lives 2,592,000 seconds where nothing else is set."""
    claims = claims_of(register(quiet.client).signed_in_with)
    assert claims["exp"] - claims["iat"] == 2_592_000


@rule("SETTING-4")
def test_secret_of_development(quiet: Server) -> None:
    """Without a secret of its own development has the published one."""
    person = register(quiet.client)
    claims = honest_claims(claims_of(person.signed_in_with)["sub"], 1)
    token = make(claims, "conduit-development-secret-never-for-production")
    answer = quiet.client.with_token(token).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == person.username
