"""Images and documents read by limited children, and the browser viewer; a leaf."""

from viewer.series import Series, series_of
from viewer.study import ViewedStudy

__all__ = ["Series", "ViewedStudy", "series_of"]
