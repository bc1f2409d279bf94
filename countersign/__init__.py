"""Countersign: what both sides of the trust boundary agree on.

The auditor installs this package alone. The bot and the runners stand on it and know nothing of one another.
"""
