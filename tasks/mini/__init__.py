"""mini: XTREME's tasks in seven languages, written for this project; small enough to try.

XTREME-R's own tasks are there in three or four languages each.
"""
