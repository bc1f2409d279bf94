"""GitLab's REST API v4, as far as the forge speaks it: one noun a file, all routes in `table.py`."""
