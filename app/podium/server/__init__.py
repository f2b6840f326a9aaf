"""podium serve: scheduler, webhooks, HTTP API."""
