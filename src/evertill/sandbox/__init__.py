"""Sandbox: a payment provider for trying things out, and a program of its own.

It stands beside the house: the shop reaches it over HTTP only, as it reaches every other provider, and it knows nothing
of the shop. It shares the kernel's money, errors, clock and files, because those mean the same to everybody.
"""
