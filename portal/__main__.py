"""The command line: `python -m portal <command>`, settings from `HDS_*` (portal.core.settings)."""

import argparse
import os
import sys
from collections.abc import Sequence

from portal import carrying


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 when it did what it says, else its reason was said."""
    if arguments and arguments[0] in carrying.COMMANDS:  # needs nothing of what a server needs
        return carrying.main(arguments, os.environ)
    return _serve(arguments)


def _serve(arguments: Sequence[str]) -> int:
    from portal import logs
    from portal.commands import COMMANDS, CannotRun
    from portal.core.settings import BadSettings
    from portal.migrating import MigrationFailed
    from portal.vault import BadKeyFiles, VectorFailed

    parser = argparse.ArgumentParser(prog="python -m portal", description=__doc__)
    named = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        each = named.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(each)
        each.set_defaults(run=command.run)
    for name, words in carrying.COMMANDS.items():
        named.add_parser(name, help=words)  # so that they are in the list; run above
    chosen = parser.parse_args(arguments)
    os.umask(0o077)  # whatever the portal writes is for its own user
    logs.to_standard_error()
    try:
        chosen.run(chosen, os.environ)
    except (BadKeyFiles, BadSettings, CannotRun, MigrationFailed, VectorFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
