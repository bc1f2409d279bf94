"""Changes for acceptance tests: each with a file of its own, so that they can run beside one another."""

from itertools import count

from tests.stage.shop import Ask

_numbers = count(100)


def migration(environment: str, sql: str, *, title: str = "A migration") -> Ask:
    """Ask for a new SQL file."""
    name = f"V{next(_numbers)}__test.sql"
    path = f"db/{environment}/shop/{name}"
    lines = sql.splitlines()
    diff = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
        + "".join(f"+{line}\n" for line in lines)
    )
    return Ask(title, diff, "A test of the whole path.", {"environment": environment, "action": "migrate"})


def insert(environment: str, number: int) -> Ask:
    """Ask for one more order: twice applied would be two rows, for the table's key is not on this column."""
    return migration(environment, f"INSERT INTO orders SELECT coalesce(max(id), 0) + 1, 'customer-{number}', now() FROM orders;")  # noqa: S608 - ours
