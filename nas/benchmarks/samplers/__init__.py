"""How good samplers are, on a public table of architectures and on synthetic landscapes."""
