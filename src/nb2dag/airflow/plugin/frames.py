"""Make a document of what a notebook put out as HTML or Markdown, for a frame without any rights."""

from __future__ import annotations

import base64
import binascii

from nb2dag.airflow.plugin.outputs import Rich

SANDBOX = "sandbox allow-scripts"
"""Gives a document an origin of its own: it reaches neither Airflow's cookies nor its pages, however it is opened."""

_MAY_LOAD = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' https: blob: data:; "
    "style-src 'unsafe-inline' https:; font-src https: data:; "
    "img-src https: data: blob:; media-src https: data: blob:; "
    "frame-src https: data: blob:; worker-src blob:; connect-src 'none'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
FRAME_POLICY = f"{SANDBOX}; {_MAY_LOAD}"
"""For HTML: charts may load their library, and nothing may be asked of any server by script."""

IMAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""For images: an SVG that is opened by itself runs no script."""

_COLOURS = {
    "light": ("light", "#18181b", "#e4e4e7", "#f4f4f5", "#1d4ed8"),
    "dark": ("dark", "#e4e4e7", "#38445a", "#1f2738", "#93c5fd"),
}

# The page cannot look into a frame of another origin: the document tells its height, and no more.
_TELL_HEIGHT = """<script>
(() => {
  let told = 0;
  const tell = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    if (height !== told) { told = height; parent.postMessage({nb2dagHeight: height}, "*"); }
  };
  new ResizeObserver(tell).observe(document.documentElement);
  addEventListener("load", tell);
  tell();
})();
</script>"""


def frame_document(rich: Rich, theme: str) -> str:
    """Return the HTML document that shows an output in the colours of `theme`, `light` or `dark`."""
    scheme, text, line, stripe, link = _COLOURS[theme if theme in _COLOURS else "light"]
    body = rich.content if rich.mime == "text/html" else _markdown(rich.content)
    return (
        '<!doctype html><html><head><meta charset="utf-8"><style>'
        f":root{{color-scheme:{scheme}}}"
        f"body{{margin:0;padding:2px 0;color:{text};font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}"
        "table{border:0;border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}"
        f"th,td{{padding:4px 10px;text-align:right;border:0}}thead th{{border-bottom:1px solid {line}}}"
        f"tbody tr:nth-child(odd){{background:{stripe}}}a{{color:{link}}}"
        f"pre,code{{font:13px/1.45 ui-monospace,monospace}}img,svg{{max-width:100%}}"
        f"h1,h2,h3{{line-height:1.25;margin:.4em 0}}p,ul,ol{{margin:.4em 0}}"
        f"</style></head><body>{_TELL_HEIGHT}{body}</body></html>"
    )


def image_bytes(rich: Rich) -> bytes:
    """Return an image's bytes.

    Raises:
        ValueError: Its text is no base64.
    """
    if rich.mime == "image/svg+xml":
        return rich.content.encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(rich.content.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"the image is damaged: {error}") from None


def _markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return rendered
