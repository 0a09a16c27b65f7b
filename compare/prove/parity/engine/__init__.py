"""Random stories of requests, sent to several services that must give the same answers.

What it knows of an API is the operations of an OpenAPI document. Everything else is passed in: the
values of fields, a model of what the services hold, the masks, and a way to empty the databases.
"""
