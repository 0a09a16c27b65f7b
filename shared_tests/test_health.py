"""The health operation."""

from .harness import Client, rule


@rule("HEALTH-1")
def test_health(client: Client) -> None:
    """With a database, health returns 200."""
    answer = client.get("/api/health")
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'
