"""The customers: programs that ask the shop for orders over HTTP, on this machine."""
