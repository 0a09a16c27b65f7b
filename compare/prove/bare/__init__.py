"""Three apps with the same few routes, as each framework makes them if nobody says otherwise."""
