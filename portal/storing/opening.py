"""Which store an installation has."""

from portal.core.settings import Settings
from portal.storing.bucket import BucketStore
from portal.storing.folder import FolderStore
from portal.storing.store import Store


def store_for(settings: Settings) -> Store:
    """The bucket that the settings name, else the folder.  Raises `BadSettings`."""
    if settings.object_store:
        return BucketStore(settings.object_store, settings.object_key_file)
    return FolderStore(settings.object_folder)
