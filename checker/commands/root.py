"""The group of all commands, and what becomes of whatever goes wrong in them.

A user's mistake ends in one message and exit code 2, a fault of ours in a report file and exit code 3, Ctrl-C in 130.
"""

import hashlib
import os
import sys
from importlib import import_module
from pathlib import Path

import click

from ... import __version__
from .mistakes import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_MISTAKE, Mistake

# name -> "module:function"; a command's module is imported when the command, or the list of commands, is asked for.
COMMANDS = {
    "check": "check:check",
    "list": "inventory:list_specifications",
    "simulate": ".native.command:simulate",
    "prove": "prove:prove",
    "ci": ".ci.command:ci",
    "refine": ".refinement.command:refine",
    "versions": "history.versions:versions",
    "trace": "trace:trace",
    "browse": ".browse.command:browse",
    "serve": "serve:serve",
    "cluster": ".ensemble.command:cluster",
    "doctor": "inventory:doctor",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name].split(":")
        command = getattr(import_module(f".{module}", __package__), function)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from .arguments import nearest

            raise click.UsageError(f"there is no command {args[0]!r}{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


EPILOG = """\b
Examples:
  quorate list
  quorate check two-phase-commit managers=4
  quorate check two-phase-commit --variant commit-early
  quorate check my_spec.py:MySpec servers=3 --max-depth 12
  quorate trace why .quorate/traces/<id>.json

\b
Exit codes: 0 holds, 1 violated, 2 a mistake in the command or the specification, 3 a fault of quorate's,
4 no violation but incomplete, 5 nothing was checked, 6 vacuous (see --fail-on), 130 interrupted.

\b
Completion for bash (zsh and fish alike): eval "$(_QUORATE_COMPLETE=bash_source quorate)"
"""


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="quorate %(version)s")
def quorate() -> None:
    """Checks specifications of ZooKeeper, and of protocols like it, and explains what it finds."""


def run(arguments: list[str]) -> int:
    """Runs one command line and gives its exit code."""
    try:
        code = quorate.main(arguments, prog_name="quorate", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except SystemExit as leaving:  # shell completion ends so
        return leaving.code if isinstance(leaving.code, int) else 0
    except click.ClickException as mistake:
        mistake.show()
        return EXIT_MISTAKE
    except Mistake as mistake:
        click.echo(f"quorate: {mistake}", err=True)
        return EXIT_MISTAKE
    except (click.Abort, KeyboardInterrupt):
        click.echo("quorate: interrupted", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:
        click.echo(f"quorate: internal error: {type(fault).__name__}: {fault}", err=True)
        click.echo(f"This is a fault of quorate's. Please send the report {_report(arguments)}", err=True)
        return EXIT_INTERNAL


def _report(arguments: list[str]) -> Path:
    """Writes what is needed to find the fault; below the current folder if possible."""
    import platform
    import tempfile
    import traceback

    lines = [f"quorate {__version__}", f"python {platform.python_version()} on {platform.platform()}"]
    lines += [f"arguments {arguments!r}", "", traceback.format_exc()]
    text = "\n".join(lines)
    name = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.txt"
    for folder in (Path(".quorate") / "reports", Path(tempfile.gettempdir()) / "quorate-reports"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
            return folder / name
        except OSError:
            continue
    click.echo(text, err=True)
    return Path("above")
