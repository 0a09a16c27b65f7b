"""Three apps with the same few routes, with the defaults of each framework."""
