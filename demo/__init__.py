"""A customer's front end for the gateway: development only, and it knows nothing but the API."""
