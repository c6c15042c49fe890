"""One self-contained HTML file and one JSON file from measures."""
