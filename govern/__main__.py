"""`python -m govern`: the same program as the `govern` command."""

from govern.cli.main import run

run()
