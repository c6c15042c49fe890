from reverie.evaluation.base import measures

from .tables import compared, people


def test_measures_are_found_quality_first() -> None:
    names = [measure.name for measure in measures()]
    quality = ["c2st", "media_quality", "shape", "text_quality", "trend", "usefulness", "validity"]
    attacks = ["inference", "linkability", "membership", "rare_values", "singling_out"]
    assert names[: len(quality)] == quality
    assert sorted(names[len(quality) :]) == sorted(["copies", "distance", "media", "texts", *attacks])


def test_the_view_is_made_once() -> None:
    comparison = compared(people(20, 1), people(20, 2))
    assert comparison.view is comparison.view


def test_generators_depend_on_seed_and_name_only() -> None:
    first, again = (compared(people(20, 1), people(20, 2), seed=4) for _ in range(2))
    assert first.generator("a").random() == again.generator("a").random()
    assert first.generator("a").random() != first.generator("b").random()
