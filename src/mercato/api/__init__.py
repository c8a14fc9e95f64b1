"""JSON over HTTP: one file a route, problem documents for every error, metrics."""

from mercato.api.app import create_api

__all__ = ["create_api"]
