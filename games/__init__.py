"""One adapter per game: names, views for people and models, bridges to servers."""
