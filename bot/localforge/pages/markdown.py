"""Shows Markdown as HTML that can do no harm: what people and agents write is never let through as markup of their own.

A few tags that GitLab lets comments use (`details`, `summary`, `br`) are known by their exact form; comments vanish; all other
HTML is shown as text. Pictures are not loaded: a picture's address tells its owner who is reading (attack 44).
"""

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_KNOWN = re.compile(r"(</?details>|</?summary>|<br ?/?>|</?sub>|</?sup>)")


class _Renderer(RendererHTML):
    """markdown-it's renderer, distrustful of HTML, pictures and other hosts."""

    def html_block(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return _distrust(tokens[idx].content)

    def html_inline(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return _distrust(tokens[idx].content)

    def image(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        text, address = tokens[idx].content or "no text", str(tokens[idx].attrGet("src") or "")
        return f'<span class="picture">[picture: {escape(text)}, {escape(address)}]</span>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("rel", "nofollow noopener noreferrer")
        return self.renderToken(tokens, idx, options, env)


def markdown(text: str) -> Markup:
    """Give a text as HTML."""
    parser = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    return Markup(parser.render(text))  # noqa: S704 - escaped piece by piece above


def _distrust(html: str) -> str:
    parts = _KNOWN.split(_COMMENT.sub("", html))
    return "".join(part if place % 2 else escape(part) for place, part in enumerate(parts))
