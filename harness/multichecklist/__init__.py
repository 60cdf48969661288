"""MultiCheckList: six tests of question answering in up to 50 languages (arXiv 2104.07412).

A test case passes if all its questions are answered; a test's score is the share that do not.
Rules: google-research/xtreme, multichecklist/ (docs/methodology.md says what is ours).
"""
