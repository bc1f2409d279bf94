"""A policy's own tests: made-up changes at made-up times, and what the policy should say of them. Nothing here is ever run."""
