"""Browsing: a specification's states walked by hand, in a page that a local server answers."""
