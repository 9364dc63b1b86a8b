"""The curves of a run, and the services that show them."""
