"""One self-contained HTML file that shows a trace: the data it needs, and the code that draws it."""
