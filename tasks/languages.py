"""The languages of XTREME and XTREME-R, by family, script and resources: languages.tsv.

Sources: names and families from Glottolog 5.1 (Hammarström et al. 2024, CC BY 4.0), top level,
where XTREME's paper has Niger-Congo for Atlantic-Congo; scripts (ISO 15924) as Unicode CLDR has
them; classes from Joshi et al. 2020 (arXiv 2004.09095), whose list has Haitian in class 2 and
Haitian Creole in class 0: class 2 is taken. Quechua has the family's code: the data mix dialects.
"""

from csv import DictReader
from pathlib import Path

from harness.declarations import Language

with Path(__file__).with_name("languages.tsv").open(encoding="utf-8", newline="") as _file:
    LANGUAGES = tuple(
        Language(
            code=row["code"],
            name=row["name"],
            glottocode=row["glottocode"],
            family=row["family"],
            script=row["script"],
            resources=int(row["class"]),
            rtl=row["direction"] == "rtl",
        )
        for row in DictReader(_file, delimiter="\t")
    )
"""Fifty languages, by code."""
