"""One colour per name, everywhere, in both themes: at least 3:1 on #FFFFFF and on #0D0F14.

So Python never asks for the theme. A provider is a hue and its small models the lighter shade; agents of the
shipped programs have their own; every other
name gets a hue and a shade of its own from a hash of the name, so that it keeps its colour from page to page.
"""

import colorsys
import hashlib
import re

INK, LABEL, FADED = "#000020", "#000018", "#000015"
"""Streamlit's own sequential slots: the browser swaps them by theme."""
GRID = "rgba(127,137,155,.18)"
OTHER = "#7F899B"
"""What has no name, and the rest of a ranking."""

_AGENTS = {
    "code": "#B0439A",
    "srs": "#5E7590",
    "report": "#94602F",
    "uml": "#6F8118",
    "idea": "#A88A1C",
    "ppt": "#CF6188",
    "viva": "#6E8F7C",
}
_MODELS = {
    "claude-sonnet-4.5": "#6D4DE0",
    "claude-haiku-4.5": "#9781F0",
    "gpt-5": "#0C7F74",
    "gpt-5-mini": "#22A597",
    "gemini-2.5-pro": "#2A62E4",
    "gemini-2.5-flash": "#5C92F4",
}
# Hue of a model's maker, in degrees, and how far its models may stray from it.
_MAKERS = (
    (re.compile(r"claude|anthropic"), 255),
    (re.compile(r"gpt|\bo[134]\b|o[134]-|openai|codex"), 174),
    (re.compile(r"gemini|gemma|google"), 222),
    (re.compile(r"deepseek"), 195),
    (re.compile(r"qwen|qwq"), 290),
    (re.compile(r"llama|meta"), 205),
    (re.compile(r"mistral|codestral|mixtral|devstral"), 22),
    (re.compile(r"grok|xai"), 335),
)
_SMALL = re.compile(r"mini|haiku|flash|nano|small|lite|8b|7b")
# Relative luminance: 0.115 … 0.30 is what holds 3:1 on both backgrounds.
_DARK, _MID, _LIGHT = 0.135, 0.19, 0.27
_BIGS, _SMALLS = (_DARK, 0.165), (0.24, _LIGHT)


def colour(name: str) -> str:
    """The hex of an agent, a model, a feature or any other identity; the same name always gets the same one."""
    plain = name.strip().lower()
    if not plain:
        return OTHER
    base = re.sub(r"(?<=\d)-(?=\d\b)", ".", plain.rsplit("/", 1)[-1])
    known = _AGENTS.get(plain) or _MODELS.get(base)
    return known or _made(plain)


def _made(name: str) -> str:
    digest = hashlib.blake2s(name.encode(), digest_size=4).digest()
    for pattern, hue in _MAKERS:
        if pattern.search(name):
            light = _SMALLS[digest[1] % 2] if _SMALL.search(name) else _BIGS[digest[1] % 2]
            return _at(hue + digest[0] % 31 - 15, 0.62, light)
    return _at(
        int.from_bytes(digest[:2], "big") % 360, 0.34 + digest[2] % 3 * 0.12, (_DARK, _MID, _LIGHT)[digest[3] % 3]
    )


def _at(hue: int, saturation: float, luminance: float) -> str:
    """The colour of this hue and saturation whose relative luminance comes nearest to what is asked."""
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        rgb = colorsys.hls_to_rgb(hue % 360 / 360, middle, saturation)
        low, high = (middle, high) if _luminance(rgb) < luminance else (low, middle)
    return "#" + "".join(f"{round(255 * c):02X}" for c in colorsys.hls_to_rgb(hue % 360 / 360, low, saturation))


def _luminance(rgb: tuple[float, float, float]) -> float:
    """Relative luminance as WCAG defines it."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
