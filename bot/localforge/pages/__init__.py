"""Pages for people: projects, files, commits, merge requests. HTML forms and one style sheet; no JavaScript."""
