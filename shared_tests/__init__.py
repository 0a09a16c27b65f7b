"""The black-box suite: one contract, for any server that claims to follow it."""
