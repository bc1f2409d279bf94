r"""Blanks what colours a terminal, so that rules see through it: a word that follows `ESC[1m` begins a word, as after a blank.

Also as JSON and shells write it (`\u001b[1m`, `\x1b[1m`, `\033[1m`, `^[[1m`). Of a link or a title (`ESC]8;;…`) only what frames it
is blanked, not what is in it. A log that lost its escape characters (`[1m`) is taken as it stands.
"""

import re

_CSI = r"\[[0-?]{0,32}[ -/]?[@-~]"
_COLOURS = re.compile(
    rf"\x1b(?:{_CSI}|\](?:[0-9]{{1,4}};{{1,2}})?|[()*+][0-9AB]|[=>78\\])?|\x07|\x9b[0-?]{{0,32}}[@-~]"
    rf"|(?:\\(?:u001[bB]|x1[bB]|033)|\^\[){_CSI}"
)
_CUES = ("\x1b", "\x07", "\x9b", "\\u001", "\\x1", "\\033", "^[[")
PATTERN = _COLOURS.pattern


def blanked(text: str) -> str:
    """Give the text with a blank for every character of such a sequence: of the same length."""
    if not any(cue in text for cue in _CUES):
        return text
    return _COLOURS.sub(lambda match: " " * len(match[0]), text)
