"""Clients live for a simulated year; afterwards the gateway says what their banks say.

A seed determines everything that happens. test_life.py runs the seeds of `make test-life`.
"""
