"""The way out of a sandbox: one proxy for one run, to the endpoints that the policy lists and nowhere else."""
