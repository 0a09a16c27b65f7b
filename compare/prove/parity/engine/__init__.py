"""Random stories of requests, sent to several services that must give equal responses.

All that it knows of an API are the operations of an OpenAPI document. The rest is passed in: the
values of fields, a model of what the services hold, the masks, and a way to empty the databases.
"""
