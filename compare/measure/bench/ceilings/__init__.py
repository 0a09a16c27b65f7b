"""Two ceilings for each framework, on its usual server, without anything of the apps.

*bare*: the routes of the contract, one dependency that reads the token, and SQL by hand.
*floor*: one route that answers a constant.
"""
