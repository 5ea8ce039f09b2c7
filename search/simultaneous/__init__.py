"""Tree search for simultaneous moves and hidden information, over sampled worlds."""
