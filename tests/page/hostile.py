"""Names that try to be something other than text."""

NAMES = {
    "a script": '<script>document.title="pwned"; alert(1)</script>',
    "out of an attribute": '"><img src=x onerror="document.title=\'pwned\'">',
    "out of the other quotes": "' autofocus onfocus='document.title=1",
    "out of style and title": "</style></title><svg onload=alert(1)>",
    "out of a comment": "--><script>alert(1)</script><!--",
    "an address": "javascript:alert(1)",
    "a template": "{{ 7 * 7 }}{% raw %}{# gone #}",
    "an entity": "&lt;b&gt; &amp;amp; &#60;",
    "emoji": "🧑‍🚀 🇫🇷 é\u0301",
    "another script's direction": "مرحبا بالعالم",
}
MARKS = {
    "turned around": ("\u202egnp.exe", "[U+202E]gnp.exe"),
    "isolated, and out of it": ("a\u2066b\u2069\u200fc", "a[U+2066]b[U+2069][U+200F]c"),
    "controls": ("a\x00b\x1b[31m", "a[U+0000]b[U+001B][31m"),
    "a new line": ("a\nb", "a[U+000A]b"),
}
"""Invisible characters, and how the page shows each."""
