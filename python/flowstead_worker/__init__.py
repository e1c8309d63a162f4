"""Runs the Python nodes of one flow in a process of its own; started by src/python/process.ts."""
