"""DICOMweb: programs search, retrieve and store the studies of an account (PS3.18)."""

from portal.dicomweb.routes import create_blueprint

__all__ = ["create_blueprint"]
