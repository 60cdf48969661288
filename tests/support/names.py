"""Names of the installed tasks, sorted."""

NINE = "bucc2018 mlqa panx pawsx tatoeba tydiqa udpos xnli xquad".split()  # XTREME's and mini's
XTREME_R_ALONE = ["lareqa", "mewslix", "xcopa"]
LISTED = sorted([*NINE, *XTREME_R_ALONE])
