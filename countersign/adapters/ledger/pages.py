"""The two pages that the first commit of an audit branch holds, for people who open the branch in their forge."""

_README = """\
# Audit branch

Every commit here is one record of what Countersign decided or did: who asked, who said yes, what ran, with which
credentials, and what came of it. This branch shares no history with the code. Do not merge it, do not push to it by hand.

The log's name is `{origin}`.

## Read it

- Each commit's subject is a sentence. The commit adds one file, `records/<year>/<month>/<day>/<hour>/<number>-<id>.json`,
  which holds the whole record.
- `git log --grep 'Countersign-Change: <group/project!number>'` lists the records of one change; other trailers work alike.

## Verify it, with stock git

You need the list of keys that may sign. It must come from outside of this branch (your platform team publishes it), since
whoever can rewrite the branch could rewrite a list on it.

    git config gpg.ssh.allowedSignersFile /path/to/allowed_signers
    git log --show-signature origin/countersign/audit

Each commit must show a good signature. That proves who signed each commit and, since each names its parent, what came before.

## Verify it, all of it

    pip install countersign-bot
    countersign audit verify --trust-root /path/to/allowed_signers

This checks every signature within its key's lifetime, every link, every number, every digest under SHA-256, and that each
commit adds one record and touches nothing else. It needs no network. It names the first record that is wrong.

It prints a checkpoint. Keep it somewhere else, and pass it next time with `--checkpoint`: that is what shows that the end of
the log was cut off, or that somebody who holds a signing key wrote the whole log anew. The log is tamper-evident: it shows
what was done to it. It cannot keep anybody from doing it.

`FORMAT.md` says what is in a record.
"""

_FORMAT = """\
# Format of records, version 1

A record is an in-toto Statement v1 whose predicate type is `https://countersign.dev/audit/v1`. Its exact bytes are UTF-8 JSON:
keys sorted by code point, indented by two blanks, one newline at the end, no floating-point numbers, at most 65,536 bytes;
characters that a reader would not see are escaped. Readers ignore fields that they do not know.

| field of the predicate | meaning |
|---|---|
| `v` | version of this format |
| `log` | name of this log; the same in every record |
| `seq` | number of the record, from 0 without gaps |
| `id` | ULID: time of recording in milliseconds, then the first 80 bits of a SHA-256 over log, number, `prev` and key |
| `prev` | SHA-256 of the previous record's bytes; null in the first |
| `time`, `recorded_time` | when it happened, and when it was put here; UTC |
| `kind` | assessed, refused, intent, executed, failed, lost |
| `key` | unique in the log: `assessed/…`, `refused/…`, `intent/<run>`, `outcome/<run>` |
| `run_id` | the run that intent and outcome belong to; null otherwise |
| `change` | the merge or pull request: repository and number; null where there is none |
| `summary` | the commit's subject |
| `body` | what was decided or done |

An intent is written before any credential exists. Exactly one of executed, failed or lost follows it; until then the run is
open. Large evidence is named by its digest.

The commit has one parent (the first has none), adds the record's file and nothing else, is signed with an Ed25519 SSH key, and
names the key's principal as author and committer. Its trailers repeat number, id, kind, key, run, change and log, and the
SHA-256 of this and of the previous record's bytes: `Countersign-Seq`, `-Id`, `-Kind`, `-Key`, `-Run`, `-Change`, `-Origin`,
`-Record`, `-Previous`.
"""


def genesis_pages(origin: str) -> list[tuple[str, bytes]]:
    """Give paths and bytes."""
    return [("FORMAT.md", _FORMAT.encode()), ("README.md", _README.format(origin=origin).encode())]
