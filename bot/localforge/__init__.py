"""A small forge in one process, for the demo and for tests: GitLab's API v4 as far as Countersign uses it, git over HTTP, pages.

A server of its own (`python -m bot.localforge`), never started in production. Imports nothing of the other rooms; they reach it
over HTTP like any GitLab. Faithful where it answers, and refuses what it does not know.
"""
