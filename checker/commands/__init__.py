"""The subcommands of `quorate`, one module each; they import what they need when they run."""
