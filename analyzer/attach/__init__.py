"""Finished reports → a comment and files on the ticket of an incident.

::

    target      rt:4711                  -> a tracker, and the key of a ticket in it
    registry    installed packages       -> trackers by name: those of trackers/, and others'
    tracker     what a tracker declares, and what a ticket can do: the protocol
    credentials environment and keyring  -> Account: the server, and what we log in with
    parcel      files, and what they say -> what is to be on the ticket
    comment     a parcel                 -> the text of the comment, with the mark that finds it again
    delivery    a parcel and a ticket    -> what was sent: nothing twice
    failures    what went wrong          -> errors a person can act on
"""
