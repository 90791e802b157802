"""What each member is told of what others did: kinds of notices, telling, reading, muting, and mails."""
