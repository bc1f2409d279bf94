"""The two pages that the first commit of an audit branch holds, for people who open the branch in their forge."""

_README = """\
# Audit branch

Every commit here is one record of what Countersign decided or did: who asked, who said yes, what ran, with which
credentials, and what came of it. This branch shares no history with the code. Do not merge it, do not push to it by hand.

The log's name is `{origin}`.

## Read it

- Each commit's subject is a sentence. The commit adds one file, `records/<year>/<month>/<day>/<hour>/<number>-<id>.json`,
  which holds the whole record. After 256 records in an hour, the next ones lie in folders `more-…` below the hour's.
- `checkpoint` holds the log's name, its size and the root of the Merkle tree over all records, signed (C2SP signed note).
- `git log --grep 'Countersign-Change: <group/project!number>'` lists the records of one change, `Countersign-Agent: <name>`,
  `-Environment` and `-Approver` those of an agent, a place, a person; other trailers work alike.

## Verify it, with stock git

You need the list of keys that may sign. It must come from outside of this branch (your platform team publishes it), since
whoever can rewrite the branch could rewrite a list on it.

    git config gpg.ssh.allowedSignersFile /path/to/allowed_signers
    git log --show-signature origin/countersign/audit

Each commit must show a good signature. That proves who signed each commit and, since each names its parent, what came before.

## Verify it, all of it

With `countersign` installed from a checkout that you trust:

    countersign audit verify --trust-root /path/to/allowed_signers

This checks every signature within its key's lifetime, every link, every number, every digest and every Merkle root under
SHA-256, and that each commit adds one record and touches nothing else but `checkpoint`. It needs no network. It names the
first record that is wrong.

It prints a checkpoint. Keep it somewhere else, and pass it next time with `--checkpoint`: that is what shows that the end of
the log was cut off, or that somebody who holds a signing key wrote the whole log anew. Comments on merge requests hold such
checkpoints too, and a copy of the file `checkpoint` is one. The log is tamper-evident: it shows
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
| `kind` | assessed, refused, allowed, intent, executed, failed, lost, expired, superseded, emergency, promoted, demoted, \
annotation, key_rotation, shred, heartbeat |
| `key` | unique in the log: `intent/<run>`, `outcome/<run>`; of other kinds `<kind>/…` |
| `run_id` | the run that intent and outcome belong to; null otherwise |
| `change` | the merge or pull request: repository and number; null where there is none |
| `summary` | the commit's subject |
| `body` | what was decided or done; which fields it has depends on `kind` |

`countersign audit schema` prints a JSON Schema with every field of every kind's body, and says what each tells; with
`--fields`, the same as a table. A writer refuses to write a body that is not of its kind's form, but for executed, failed and
lost: nothing may keep what was done from the record.

An intent is written before any credential exists. Exactly one of executed, failed or lost follows it; until then the run is
open. A question (assessed) ends as such a run, as expired or superseded (`expired/…` and `superseded/…` have the rest of the
question's key), or by a later question of the same change; else it is open. One that was given up so may be answered by a
run all the same: an expired one is approved anew, and one that a superseded record names as `by` is open again. An allowed ends
no question: it says whose approvals suffice for a change that nothing runs for, and whoever approves anew is in another one.
Such a question ends as expired, when the change is merged or closed, unless a later one takes its place. An emergency
stands before the intent of a run that went through a freeze; without that intent, nothing was run. A key_rotation names the
old and the new signing key and is signed by the old one; whom to believe is decided outside of this branch all the same.
Large evidence is named by its digest.

The commit has one parent (the first has none), adds the record's file and nothing else, is signed with an Ed25519 SSH key, and
names the key's principal as author and committer. Its trailers repeat number, id, kind, key, run, change and log, and the
SHA-256 of this and of the previous record's bytes: `Countersign-Seq`, `-Id`, `-Kind`, `-Key`, `-Run`, `-Change`, `-Origin`,
`-Record`, `-Previous`. After `-Change` come `-Agent` (the body's `actor.agent.id`), `-Environment` (`decision.environment`,
or else `environment`) and one `-Approver` for each name of `actor.approvers[].username`, once each, the first 20. What is
not there is `none`; a name other than 1 to 100 visible ASCII characters without blanks, quotes and backslashes is `?`.
`-Size` counts the records so far, and `-Root` is the root of the Merkle tree (RFC 6962, SHA-256) whose leaves are the bytes
of those records.

Records may be pushed several at a time. The last commit of each push also writes the file `checkpoint` anew: a signed note
(c2sp.org/signed-note) with log, size and root (c2sp.org/tlog-checkpoint), signed by the commit's key under the log's name.
A branch whose newest commit did not write it was cut off.

The record's file is `records/<year>/<month>/<day>/<hour>/<number>-<id>.json` by `recorded_time`. An hour's folder holds 256
records; later ones go to `more-000001`, `more-000002` and so on below it, 256 each.
"""


def genesis_pages(origin: str) -> list[tuple[str, bytes]]:
    """Give paths and bytes."""
    return [("FORMAT.md", _FORMAT.encode()), ("README.md", _README.format(origin=origin).encode())]
