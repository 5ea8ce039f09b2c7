"""Games in the terminal: a person plays, gets hints, saves a game and sees it again."""
