"""Files that hold arrays, each type read without running anything that stands in the file."""
