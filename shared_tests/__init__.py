"""The black-box suite: one contract, any server that claims to keep it."""
