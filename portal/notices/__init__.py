"""
Notices: what an account is told, where and when.

A room that has news calls `tell` inside its own transaction, in ids; whoever looks gets them in
words through that room's doors.  Mails and pushes say only that something is waiting.
"""

from portal.notices.events import Noticed
from portal.notices.messenger import Messenger
from portal.notices.pushing import Pusher
from portal.notices.reading import Describe, Told, Words, read_about, unread
from portal.notices.routes import create_blueprint
from portal.notices.sweeping import Belongings
from portal.notices.telling import News, forget_community, leave, tell, withdraw
from portal.notices.wording import of_safety, of_studies

__all__ = [
    "Belongings",
    "Describe",
    "Messenger",
    "News",
    "Noticed",
    "Pusher",
    "Told",
    "Words",
    "create_blueprint",
    "forget_community",
    "leave",
    "of_safety",
    "of_studies",
    "read_about",
    "tell",
    "unread",
    "withdraw",
]
