"""One call of each kind with the client that openapi-python-client generated."""

import json
import sys

from conduit_client import AuthenticatedClient, Client
from conduit_client.api.accounts import create_user
from conduit_client.api.articles import get_article
from conduit_client.api.tags import get_tags
from conduit_client.models import ErrorResponse, NewUser, NewUserRequest, TagsResponse, UserResponse

client = Client(base_url=sys.argv[1])
name = sys.argv[2]

tags = get_tags.sync(client=client)
assert isinstance(tags, TagsResponse)

user = NewUser(username=name, email=f"{name}@example.com", password="a long password")
made = create_user.sync(client=client, body=NewUserRequest(user=user))
assert isinstance(made, UserResponse)

signed_in = AuthenticatedClient(base_url=sys.argv[1], token=made.user.token, prefix="Token")
refused = get_article.sync("no", client=signed_in)
assert isinstance(refused, ErrorResponse)

print(
    json.dumps(
        {
            "count": len(tags.tags),
            "name": made.user.username,
            "messages": refused.errors.additional_properties["article"],
        }
    )
)
