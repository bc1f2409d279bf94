"""Addresses of git remotes, as people write them. Asks nobody whether anything is there."""


def project_of(address: str) -> str:
    """Give a project's path: `group/project` from https://host/group/project.git or git@host:group/project.git; else nothing."""
    if "://" in address:
        path = address.partition("://")[2].partition("/")[2]
    else:
        path = "" if address.startswith((".", "/")) else address.partition(":")[2]
    return path.partition("?")[0].strip("/").removesuffix(".git")
