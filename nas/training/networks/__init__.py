"""Networks of any kind: how they are described, built, stored and used."""
