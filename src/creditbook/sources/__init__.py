"""Usage that other programs send by themselves: who it is about, what it means, what became of it.

A door of the API reads a foreign payload into `values.Event`s and hands them to `taking.take`; what can't be booked yet
waits, is shown on *Sources*, and is booked by `replaying.replay` once it can be.
"""
