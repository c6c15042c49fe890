from reverie.reports.summary import lines


def test_a_line_for_every_figure(evaluation):
    found = lines(evaluation)
    assert [line.name for line in found][:2] == ["shape", "c2st_fresh"]
    assert len(found) == len(evaluation.all())
    assert found[0].written == "1.25 %"
    assert found[0].low < found[0].value < found[0].high
    assert found[-1].aspect == "private"
