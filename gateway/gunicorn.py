"""What the gateway needs of gunicorn: `gunicorn --config python:gateway.gunicorn gateway.wsgi`."""

worker_class = "gthread"  # requests wait for vendors
limit_request_line = 8190  # a hundred ids in a query
accesslog = None  # token calls carry their parameters in the query
control_socket_disable = True
