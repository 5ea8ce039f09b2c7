"""What a tournament leaves behind: tables, files, cutechess' text, the HTML report.

Nothing here decides how a game goes.
"""
