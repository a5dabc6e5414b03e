"""Images and documents read by limited children, and the browser viewer; a leaf."""
