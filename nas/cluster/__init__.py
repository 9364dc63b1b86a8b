"""Ray: where it runs, who works, and how work is handed out."""
