"""Is the server well?"""

from .harness import Client, rule


@rule("HEALTH-1")
def test_health(client: Client) -> None:
    """With a database the server is well."""
    answer = client.get("/api/health")
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'
