"""Unified diffs, read strictly and applied exactly. Pure: bytes in, bytes out; `countersign.adapters.patch` makes commits.

Stricter than `git apply`: no fuzz, no offset, nothing skipped, so what was sent and what is committed cannot differ.
"""
