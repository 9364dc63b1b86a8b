"""BatchNorm statistics of trained networks are those of training images."""

import copy

import torch
from torch import nn

from nas.training.calibration import calibration_batches
from nas.training.evaluation import evaluate
from nas.training.loop import fit
from nas.training.recipe import Recipe
from search_spaces import recalibrate
from tests.nas.training.toy import bits, network, rings


def test_a_training_leaves_the_statistics_of_its_images() -> None:
    train, val = rings(300), rings(60, seed=1)
    result = fit(network(), train, val, Recipe(epochs=2, batch_size=32))
    assert evaluate(result.model, val).auc == result.best.val["auc"]
    spoilt = copy.deepcopy(result.model)
    for module in spoilt.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    assert bits(spoilt) != bits(result.model)
    recalibrate(spoilt, calibration_batches(train))
    # A training computes in one thread, and sums in another order.
    torch.testing.assert_close(spoilt.state_dict(), result.model.state_dict())


def test_no_batch_is_so_small_that_it_has_no_statistics() -> None:
    batches = calibration_batches(rings(129))
    assert [len(batch) for batch in batches] == [65, 64]
    assert torch.cat(list(batches)).shape == (129, 1, 16, 16)
    assert len(calibration_batches(rings(2000))) == 8
