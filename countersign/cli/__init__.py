"""The command line of agents and auditors."""
