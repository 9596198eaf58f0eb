"""What to do about each block: proceed, slow, pause or cancel, at least expected cost plus a weight on its tail."""
