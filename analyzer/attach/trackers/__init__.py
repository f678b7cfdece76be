"""One module for each tracker: the calls of its client library → :class:`~analyzer.attach.tracker.Ticket`.

A module here with a ``TRACKER`` in it is found; nothing else has to be edited.  Its client library is an extra of the
same name, and imported when a ticket is opened: a tracker can be named and explained where its library is missing.
"""
