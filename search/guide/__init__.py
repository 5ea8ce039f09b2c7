"""What a search asks of an adviser: the protocol, how answers are polled, when to ask."""
