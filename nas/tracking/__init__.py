"""Curves of what runs, and the services that show them."""
