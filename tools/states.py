"""A Sphinx extension: a number in the text opens the explorer where it shows the same number.

A notebook stores with a glued text which state of the explorer it is (:func:`metalib.pages.notebook.glue_as`); MyST-NB
pastes the text and forgets the rest. Here the pasted text keeps its name, and becomes a link.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from myst_nb.ext.glue.crossref import PendingGlueReference, read_glue_cache
from myst_nb.ext.glue.roles import PasteTextRole
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class NamedText(PasteTextRole):
    """The role ``glue:text``, whose text keeps its name."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Paste the text."""
        pasted, messages = super().run()
        name = self.text.rsplit(":", 1)[0]
        for node in pasted:
            if isinstance(node, nodes.inline) and "::" not in name:
                node["glued"] = name
        return pasted, messages


class OpenStates(SphinxPostTransform):
    """Make a link of every pasted text that is a state of the explorer, before MyST-NB fetches those of other pages."""

    default_priority = 4
    builders = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Change one page."""
        explorer = self.config.explorer_page
        page = self.app.builder.get_relative_uri(self.env.docname, explorer)
        here = self.env.docname
        own = [(node, here, node["glued"]) for node in self.document.findall(nodes.inline) if "glued" in node]
        others = [(node, node.refdoc, node.key) for node in self.document.findall(PendingGlueReference)]
        for node, source, name in own + others:
            stored = read_glue_cache(str(self.env.mystnb_config.output_folder), source).get(name, {})
            opens = stored.get("metadata", {}).get("metalib", {}).get("opens")
            if opens:
                link = nodes.reference("", "", internal=True, refuri=page + opens, classes=["state"])
                node.replace_self(link)
                link += node


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension, after MyST-NB, whose role it changes."""
    app.setup_extension("myst_nb")
    app.add_config_value("explorer_page", "", "env")
    app.add_role_to_domain("glue", "text", NamedText(), override=True)
    app.add_post_transform(OpenStates)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
