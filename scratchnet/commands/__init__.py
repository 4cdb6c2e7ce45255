"""The subcommands of the `scratchnet` command, one file each."""
