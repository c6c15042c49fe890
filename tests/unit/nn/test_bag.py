import pytest
import torch

from reverie.nn.bag import Bag


def test_one_row_is_summed_as_many_are_and_can_be_batched() -> None:
    torch.manual_seed(0)
    bag, codes = Bag(9, 4), torch.tensor([[0, 3], [8, 8], [1, 2]])
    many = bag(codes)
    assert torch.allclose(torch.cat([bag(row[None]) for row in codes]), many)
    assert torch.allclose(torch.func.vmap(lambda row: bag(row[None])[0])(codes), many)
    assert many[1].tolist() == pytest.approx((2 * bag.weight[8]).tolist())
