"""The command line: parse, one call, render."""

from recommender.cli.app import main

__all__ = ["main"]
