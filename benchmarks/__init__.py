"""`make bench`: what the complete path costs beside its floor, in one run. Never part of the test suite's figures."""
