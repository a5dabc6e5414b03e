"""Images and documents read by limited children, and the browser viewer; a leaf."""

from viewer.series import Series, series_of

__all__ = ["Series", "series_of"]
