"""What a page of this room hands over as a file."""

from quart import Response


def as_file(body: bytes, content_type: str, name: str) -> Response:
    """*body* to be saved as *name*, which says nothing of anybody."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type=content_type, headers=headers)
