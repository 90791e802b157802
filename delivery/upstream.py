"""What apps upstream get to know of sending, each through the registry that it keeps."""

from delivery.disclosing import register_disclosing
from delivery.merging import register_mail
from delivery.privacy import register_erasing
from delivery.profile_facts import register_mail_facts
from delivery.readers import register_readers
from delivery.recipients import register_mail_servers
from delivery.retention import register_keepings
from delivery.story_news import register_story_news
from delivery.survey_door import register_surveys


def tell_upstream() -> None:
    """Register all of it."""
    register_story_news()
    register_readers()
    register_mail()
    register_mail_facts()
    register_surveys()
    register_erasing()
    register_disclosing()
    register_keepings()
    register_mail_servers()
