"""How commands talk to people and disks: flags, mistakes, files, locks, progress, provenance."""
