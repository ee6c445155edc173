"""The page *Sources*, drawn: what arrived, what could not be booked, and what is done about it."""
