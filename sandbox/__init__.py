"""A stand-in for MX: Atrium's HTTP API and a Connect widget over invented bank data.

A process of its own with its own settings and database. It imports nothing of the gateway.
"""
