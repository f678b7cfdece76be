"""Interfaces → verdicts while they fall: what keeps ``distscope sniff`` going.

::

    listening   names of interfaces   -> taps, or an error that says what to run
    outputs     names of files        -> files that are open already
    preload     modules               -> all of them, before the right to read them is given up
    privileges  root                  -> nobody in particular, without any capability
    ring        packets that mattered -> pcapng files, a ring of them
    session     packets               -> verdicts as they fall, and the analysis at the end
    listeners   verdicts, counters    -> lines on a terminal or a pipe, JSON, a status line

Whoever wants to hear of verdicts and counters is a :class:`~analyzer.live.session.Listener` of the session.
"""
