"""The dice: a seeded generator with the choices that layers are made of."""

from __future__ import annotations

import random
from typing import Any, Callable, Sequence

Shape = tuple  # of int or None, batch first


class Draw(random.Random):
    """`allowed` tells whether a feature (see recipe.features) may be drawn."""

    allowed: Callable[[str], bool] = staticmethod(lambda feature: True)

    def odds(self, probability: float) -> bool:
        return self.random() < probability

    def pick(self, *values: Any) -> Any:
        return self.choice(values)

    def axes(self, count: int, *values: int) -> list[int]:
        """One of `values` per axis; often the same for all."""
        return [self.pick(*values)] * count if self.odds(0.4) else [self.pick(*values) for _ in range(count)]

    def spread(self, values: Sequence[int]) -> int | list[int]:
        """Sometimes the int that stands for all axes."""
        return values[0] if len(set(values)) == 1 and self.odds(0.6) else list(values)

    def options(self, probability: float, **values: Any) -> dict[str, Any]:
        """Each of `values` with a probability: what is left out is Keras's default."""
        return {key: value() if callable(value) else value
                for key, value in values.items() if self.odds(probability)}

    def feature(self, prefix: str, *values: str) -> str | None:
        """An allowed one of `values`."""
        known = [value for value in values if self.allowed(f"{prefix} {value}")]
        return self.choice(known) if known else None

    def data_format(self, shape: Shape) -> dict[str, str]:
        """channels_first now and then, where axis 1 is known."""
        if shape[1] is not None and len(shape) > 2 and (shape[-1] is None or self.odds(0.15)):
            return {"data_format": "channels_first"}
        return {"data_format": "channels_last"} if self.odds(0.2) else {}


def spatial(shape: Shape, config: dict) -> list[int | None]:
    return list(shape[2:] if config.get("data_format") == "channels_first" else shape[1:-1])


def channels(shape: Shape, config: dict) -> int | None:
    return shape[1 if config.get("data_format") == "channels_first" else -1]
