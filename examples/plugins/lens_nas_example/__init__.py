"""One plug-in of every kind; each module is imported when its name is asked for."""
