"""The demo world: invented people, synthetic images, a lively case.  No part of a real portal."""
