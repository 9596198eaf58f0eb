"""Pure mathematics: history in, joint sample paths out. No I/O, no clock, no global state; every draw is seeded."""
