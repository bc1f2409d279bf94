"""What a commit of the audit branch may change in the tree: one record more, and the checkpoint written anew."""

from countersign.attestation import note
from countersign.attestation.layout import CHECKPOINT, GENESIS_FILES, RECORDS
from countersign.attestation.objects import FILE, Source, Tree, TreeEntry, added_files, read_object
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import MalformedError


def added_record(source: Source, old: Tree, new: Tree, *, first: bool) -> tuple[str, bytes]:
    """Give path and bytes of the one record by which the trees differ; the first commit may also hold the pages.

    Raises:
        MalformedError: something else was added, changed or removed.
    """
    if CHECKPOINT in old and CHECKPOINT not in new:
        raise MalformedError(f"{CHECKPOINT!r} was removed")
    added = added_files(source, _without_checkpoint(old), _without_checkpoint(new))
    if first:
        for name in sorted(GENESIS_FILES & added.keys()):
            _check_plain(name, added[name])
            read_object(source, added.pop(name).object, "blob")
    strange = sorted(path for path in added if not path.startswith(RECORDS))
    if strange:
        raise MalformedError(f"it adds {strange[0]!r}, which is no record")
    if len(added) != 1:
        raise MalformedError(f"it adds {len(added)} records, not one")
    [(path, entry)] = added.items()
    _check_plain(path, entry)
    return path, read_object(source, entry.object, "blob")


def settles(source: Source, old: Tree, new: Tree, key: PublicKey | None, head: TreeHead) -> bool:
    """Say whether the commit writes the checkpoint.

    Raises:
        MalformedError: it does, but not of this size and root, or not signed by the commit's key.
    """
    entry = new.get(CHECKPOINT)
    if entry is None or entry == old.get(CHECKPOINT):
        return False
    _check_plain(CHECKPOINT, entry)
    try:
        read = note.parse(read_object(source, entry.object, "blob").decode())
    except UnicodeDecodeError:
        raise MalformedError("the checkpoint is not text") from None
    if read.text != head.text:
        raise MalformedError("the checkpoint is not of this log, size and root")
    if key is None or not read.signers([head.key(key)]):
        raise MalformedError("the checkpoint is not signed by the key that signed the commit")
    return True


def _without_checkpoint(tree: Tree) -> Tree:
    return {name: entry for name, entry in tree.items() if name != CHECKPOINT}


def _check_plain(path: str, entry: TreeEntry) -> None:
    if entry.mode != FILE:
        raise MalformedError(f"{path!r} has mode {entry.mode}, not that of a plain file")
