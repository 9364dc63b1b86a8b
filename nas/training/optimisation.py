"""All that changes in a training: the weights, their moving average, and the optimizer."""

from collections.abc import Mapping
from typing import Any

import torch
from timm.optim import create_optimizer_v2  # type: ignore[attr-defined]
from timm.scheduler.scheduler import Scheduler
from timm.scheduler.scheduler_factory import create_scheduler_v2
from timm.utils.clip_grad import dispatch_clip_grad
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn

from nas.training.recipe import Recipe

# Share of the learning rate that the warm-up begins with.
_LOWEST = 0.01

# Epochs of which the warm-up is a share where it is not known how many there will be.
_RISE = 10


class Optimisation:
    """A network in training, with its optimizer and the moving average of its weights.

    Attributes:
        network: network whose weights the gradients change.
        updates: number of updates so far.

    Args:
        network: network on its device, in its memory layout.
        recipe: how the network is trained.
        updates: number of updates of the whole training, over which the learning rate takes its
            course; with the schedule ``wsd`` the most of them, and the rate stays at its height
            until :meth:`fall`.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, updates: int) -> None:
        self.network = network
        self.updates = 0
        self._clip = recipe.clip_grad
        # A fused optimizer runs one kernel over all weights instead of several for each, which is
        # five times as fast for small networks.
        fused: dict[str, Any] = {"fused": True} if recipe.optimizer in ("adamw", "sgd") else {}
        self._optimizer: torch.optim.Optimizer = create_optimizer_v2(
            network,
            recipe.optimizer,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            **fused,
        )
        self._rate = recipe.learning_rate
        self._warmup, course = round(recipe.warmup * updates), str(recipe.schedule)
        if recipe.schedule == "wsd":
            self._warmup = round(recipe.warmup * updates * min(1.0, _RISE / recipe.epochs))
            course = "constant"
        self._scheduler = self._schedule(course, self._warmup, num_epochs=updates)
        self._average = (
            ModelEmaV3(network, recipe.ema_decay, use_warmup=True) if recipe.ema_decay else None
        )

    @property
    def scored(self) -> nn.Module:
        """The network that is scored and kept, which is the moving average where there is one."""
        return self._average.module if self._average is not None else self.network

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update."""
        return float(self._optimizer.param_groups[0]["lr"])

    def fall(self, first: int, last: int) -> None:
        """Let the learning rate fall to zero, from where it has risen to.

        Args:
            first: number of updates after which it begins to fall.
            last: number of updates after which it is zero.
        """
        warmup = min(self._warmup, first)
        risen = _LOWEST + (1 - _LOWEST) * (warmup / self._warmup) if self._warmup else 1.0
        for group in self._optimizer.param_groups:
            group["initial_lr"] = risen * self._rate  # a scheduler takes it for the height
        self._scheduler = self._schedule("wsd", warmup, num_epochs=last, decay_epochs=last - first)
        self._scheduler.step_update(self.updates)

    def clear_gradients(self) -> None:
        """Forget the gradients of the last update."""
        self._optimizer.zero_grad()

    def update(self) -> None:
        """Clip the gradients, and apply them to the weights."""
        if self._clip:
            dispatch_clip_grad(self.network.parameters(), self._clip)
        self._optimizer.step()
        self.updates += 1
        self._scheduler.step_update(self.updates)
        if self._average is not None:
            self._average.update(self.network, step=self.updates)

    def state(self) -> dict[str, Tensor]:
        """Return all tensors that change, by name.

        The learning rate is not among them, since it follows from the number of updates.
        """
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        if self._average is not None:
            average = self._average.module.state_dict()
            tensors |= {f"average.{name}": tensor for name, tensor in average.items()}
        for index, entries in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in entries.items()}
        return tensors

    def restore(self, tensors: Mapping[str, Tensor], updates: int) -> None:
        """Go back to an earlier state.

        Args:
            tensors: what ``state`` returned.
            updates: number of updates at that time.

        Raises:
            RuntimeError, LookupError, ValueError: the tensors are those of another network.
        """
        self.network.load_state_dict(_below("network.", tensors))
        if self._average is not None:
            self._average.module.load_state_dict(_below("average.", tensors))
        self._optimizer.load_state_dict(
            {
                "state": self._moments(tensors),
                "param_groups": self._optimizer.state_dict()["param_groups"],
            }
        )
        self.updates = updates
        self._scheduler.step_update(updates)

    def _schedule(self, course: str, warmup: int, **lengths: Any) -> Scheduler:
        # The scheduler counts in updates: what timm calls an epoch is one update here.
        scheduler: Scheduler
        scheduler, _ = create_scheduler_v2(
            self._optimizer,
            course,
            warmup_epochs=warmup,
            warmup_lr=_LOWEST * self._rate,
            step_on_epochs=False,
            updates_per_epoch=1,
            **lengths,
        )
        return scheduler

    def _moments(self, tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Any]]:
        """Return the optimizer's tensors by weight and name, laid out in memory like the weights.

        With the same layout every sum is taken in the same order, to the same bits.
        """
        weights = [weight for group in self._optimizer.param_groups for weight in group["params"]]
        moments: dict[int, dict[str, Any]] = {}
        for path, value in _below("optimizer.", tensors).items():
            index, name = path.split(".", 1)
            weight = weights[int(index)]
            same = value.shape == weight.shape
            if not same and value.ndim:
                raise ValueError(f"optimizer.{path} has shape {tuple(value.shape)}")
            moments.setdefault(int(index), {})[name] = (
                torch.empty_like(weight).copy_(value) if same else value
            )
        if len({tuple(sorted(entries)) for entries in moments.values()}) > 1:
            raise ValueError("the optimizer knows some weights better than others")
        return moments


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
