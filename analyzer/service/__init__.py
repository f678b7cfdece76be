"""What a run of weeks tells the world: metrics to whoever asks, messages to whoever should know.

::

    metrics     counters          -> Prometheus, over HTTP
    incidents   failures, success -> notices: at once, then seldom
    message     notices           -> a few harmless lines
    targets     secret URLs       -> services of apprise
    courier     messages          -> targets, in a thread of its own
    notifier    verdicts          -> the courier, by way of incidents and messages
    outlets     options           -> all of that, opened, started and closed together

Nothing here makes the capture wait, and nothing grows with what is captured.
"""
