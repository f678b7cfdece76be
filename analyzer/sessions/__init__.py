"""Streams become attempts: one node trying one thing once, with everything that the packets tell of it.

::

    correlate     which streams are Erlang traffic, and which EPMD lookup belongs to which connection
    conversation  one stream: identified, run through its dialogue, its events named by packet
    identify      which dialogue a connection speaks, and why we think so
    interpret     what a message means for an attempt
    provenance    which packet carried which byte
    events        everything that can appear on a timeline
    states        how an attempt moves from event to event
    attempt       the attempt, its two parties and its timeline
    connection    what is known of one TCP connection of it
    views         the same attempt in several captures
    half_open     what is only a dial, too often to list it
    archive       what is over: packed away, and there again when it is looked at

and what the rules ask, worked out once::

    ending         who closed first, and whether that was an answer or a timer
    lifetime       how a link that was up came down
    resets         resets that neither end sent
    compatibility  whether two sides can understand one another
    surroundings   the other attempts, the reach of the captures, the cookies that the user knows
    naming         what the packets tell of node names
    product        RabbitMQ, ejabberd, CouchDB, EMQX, Elixir: whose words a fix should use

A *lookup* is the conversation with EPMD, the *link* the distribution connection; an attempt has at most one of each.
"""
