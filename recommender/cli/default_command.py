"""A group of commands of which one needs no name."""

from typing import Any

from typer.core import TyperGroup


class DefaultCommand(TyperGroup):
    """`group WORDS` is `group COMMAND WORDS` with the first command of the group.

    Unless the first word is the name of a command of the group or --help.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the library's; `ctx` is of a type that it does not export."""
        if args[:1] != ["--help"] and (not args or args[0] not in self.commands):
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)
