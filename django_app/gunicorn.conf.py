"""What gunicorn has to know; the command line says where to listen and with how many workers."""

worker_class = "conduit.worker.PatientWorker"
threads = 16
graceful_timeout = 3
# Checked and loaded once, in the parent: a worker that starts while the database is away starts.
preload_app = True
control_socket_disable = True
# What the contract says a request may be (BASE-3).
limit_request_line = 4000
limit_request_field_size = 8002  # with the end of the line
# gunicorn would take these from anybody on this machine: who needs a prefix sets it here.
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
