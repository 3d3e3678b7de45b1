"""The command line: `evertill …`."""


def main() -> None:
    """Run the command that the words on the command line name."""
    raise SystemExit("evertill: no command yet")
