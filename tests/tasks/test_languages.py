"""The facts of languages by which scores are grouped."""

from harness import registry
from harness.declarations import OTHER, Language


def codes(benchmark: str) -> set[str]:
    one = registry.benchmark(benchmark)
    names = [name for name in one.task_names() if name in registry.task_names()]
    found = {code for name in names for code in one.languages_of(registry.task(name))}
    return found | {code for codes in one.languages.values() for code in codes}


def test_every_language_of_the_benchmarks_is_known() -> None:
    for name in ("xtreme", "xtreme-r", "mini"):
        benchmark = registry.benchmark(name)
        known = {one.code for one in benchmark.facts}
        assert len(known) == 50 and codes(name) <= known, codes(name) - known


def test_facts_are_those_of_their_sources() -> None:
    xtreme = registry.benchmark("xtreme")
    facts = {one.code: one for one in xtreme.facts}
    assert len({one.glottocode for one in xtreme.facts}) == 50
    assert facts["sw"] == Language("sw", "Swahili", "swah1253", "Atlantic-Congo", "Latn", 2)
    assert facts["ur"].rtl and facts["ur"].script == "Arab" and not facts["hi"].rtl
    low = {code for code, one in facts.items() if one.low_resource}
    assert low == set("mr pa sw wo yo ht az gu jv ml my qu te".split())
    alone = [one.family for one in xtreme.facts]
    assert [alone.count(f) for f in ("Indo-European", "Austronesian", "isolate")] == [23, 4, 1]


def test_a_language_that_nobody_knows_is_in_no_group() -> None:
    unknown = registry.benchmark("xtreme").language("tlh")
    assert (unknown.name, unknown.family, unknown.script) == ("tlh", OTHER, OTHER)
    assert not unknown.low_resource
