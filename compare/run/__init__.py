"""Run the apps: processes, databases, requests, and what the other folders may use."""
