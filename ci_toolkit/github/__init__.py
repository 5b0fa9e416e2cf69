"""Events, checks, outputs and workflow files of GitHub."""
