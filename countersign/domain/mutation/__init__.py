"""What if a part of the policy were not there? Every single change of that kind, held against the scenarios.

A mutant that no scenario notices is a part that nobody has said anything about: it could be lost without anybody seeing it.
"""
