"""The command line: `python -m portal <command>`, settings from `HDS_*` (portal.core.settings)."""

import argparse
import os
import sys
from collections.abc import Sequence

from portal import logs
from portal.commands import COMMANDS, CannotRun
from portal.core.settings import BadSettings
from portal.migrating import MigrationFailed
from portal.vault import BadKeyFiles, VectorFailed


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 when it did what it says, 1 when it said why not."""
    parser = argparse.ArgumentParser(prog="python -m portal", description=__doc__)
    named = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        each = named.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(each)
        each.set_defaults(run=command.run)
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
