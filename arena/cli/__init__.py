"""The command line: names of commands, settings from the command line, exit codes.

The only room that knows all commands.
"""
