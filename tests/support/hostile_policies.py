"""Files that are handed in as a policy to make the reader slow, large or wrong. None loads; each has a place."""


def _full(text: str) -> bytes:
    """Repeat until a policy's size is nearly reached."""
    return (text * (250_000 // len(text))).encode()


HOSTILE = {
    "nothing": b"",
    "not UTF-8": b"version: 1\n\xff\xfe",
    "a list": b"[1, 2]",
    "an anchor": b"a: &x 1\n",
    "an alias": b"a: &x [1]\nb: *x\n",
    "a bomb": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "a merge key": b"a: {<<: {b: 1}}\n",
    "a tag": b"a: !!python/object/apply:os.system [ls]\n",
    "two documents": b"version: 1\n---\nversion: 1\n",
    "ten thousand documents": b"---\na: 1\n" * 10_000,
    "a key twice": b"version: 1\nversion: 1\n",
    "a nested key twice": b"tiers: {low: {mode: notify, mode: autonomous}}\n",
    "deep flow": b"[" * 10_000,
    "deep blocks": b"".join(b" " * depth + b"a:\n" for depth in range(200)),
    "ten megabytes": b"a: b\n" * 2_000_000,
    "many keys": b"".join(b"k%d: 1\n" % number for number in range(20_000)),
    "a directive": b"%YAML 1.1\n---\nversion: 1\n",
    "a tab": b"a:\n\t- b\n",
    "a control character": b"a: \x07\n",
    "brackets to the end": _full("["),
    "braces to the end": _full("{"),
    "lists in lists": _full("[a,"),
    "mappings in mappings": _full("{a: "),
    "brackets on many lines": b"[" * 190 + b"\n" + b"[" * 190,
    "items to the end": b"a: [" + _full("b,"),
    "pairs to the end": b"a: {" + _full("b: 1,"),
    "dashes": _full("- "),
    "questions": _full("? "),
    "colons": _full(":"),
    "a quote that does not end": b'a: "' + _full("x"),
    "one long word": b"a: " + _full("x"),
    "one long sentence": b"a: " + _full("x "),
    "stars": _full("*"),
    "aliases": _full("*a "),
    "blanks": _full(" "),
    "comments": _full("# x\n"),
    "a long block": b"a: |\n" + _full(" x\n"),
    "escapes": b'a: "' + _full("\\x41"),
    "many unknown keys": b"".join(b"k%d: 1\n" % number for number in range(4900)),
    "many keys in one line": b"a: {" + b"".join(b"k%d: 1, " % number for number in range(20_000)) + b"}",
    "a staircase": b"".join(b" " * depth + b"a:\n" for depth in range(600)),
    "a late second key": b"rules:\n" + b"  - {name: a, paths: [a], tier: x}\n" * 3000 + b"rules: []\n",
}
