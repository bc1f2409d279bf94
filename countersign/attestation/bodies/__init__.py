"""What a record of each kind says: a type for each. `kinds.py` says which kind has which, and holds writers to it."""
