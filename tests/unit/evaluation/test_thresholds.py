from reverie.evaluation import thresholds


def test_first_bounds_are_the_stricter_ones() -> None:
    rising = [thresholds.SHAPE, thresholds.TREND, thresholds.C2ST, thresholds.LOSS]
    rising += [thresholds.NEARER, thresholds.NEARER_CLOSEST, thresholds.COPIES]
    assert all(first < second for first, second in rising)
    assert thresholds.VALIDITY[0] > thresholds.VALIDITY[1]
