"""What the shop costs and what it carries, measured against floors on the same machine: `make bench`."""
