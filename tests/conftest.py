"""Property tests draw the same cases at every run, so that a build says something about the change and not about luck.

`make fuzz` draws new ones.
"""

from hypothesis import settings

settings.register_profile("steady", max_examples=20, derandomize=True, database=None, deadline=None)
settings.register_profile("fuzz", max_examples=2000, deadline=None)
settings.load_profile("steady")
