"""One of several processes that train one supernet together, each on its share of every batch.

The workers of :mod:`nas.cluster.tune` are something else: each does whole jobs of its own, such as
one training, and none waits for another.
"""

from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor, nn

from nas.training.step import Step


@dataclass(frozen=True)
class Worker:
    """The place of a process among those that train one supernet together.

    The workers average their gradients after each step. ``DistributedDataParallel`` would have to
    know before a step which weights it touches, and the networks of a supernet touch other weights
    at every step.

    Attributes:
        rank: number of this process, from 0.
        workers: number of processes that train together; more than one need an initialised process
            group.
    """

    rank: int = 0
    workers: int = 1

    def share(self, step: Step) -> Step:
        """Return a step that does in this worker what one process does with the whole batch.

        The outcome is the same up to rounding for networks without batch statistics. With them it
        differs, since the statistics of a worker's share are not those of the whole batch.

        Args:
            step: step of a single process.
        """
        return step if self.workers == 1 else _SharedStep(step, self)


@dataclass(frozen=True)
class _SharedStep:
    step: Step
    worker: Worker

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        own = slice(self.worker.rank, None, self.worker.workers)
        loss = self.step(model, images[own], labels[own], number)
        # All workers run the same networks, so they have gradients of the same weights.
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        together = torch.cat([loss.reshape(1), *(gradient.reshape(-1) for gradient in gradients)])
        distributed.all_reduce(together)
        together /= self.worker.workers
        mean, *parts = torch.split(together, [1, *(gradient.numel() for gradient in gradients)])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view(gradient.shape))
        return mean.squeeze(0)
