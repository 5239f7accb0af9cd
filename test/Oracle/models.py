"""Random valid models: grows a recipe layer by layer under Keras's own eyes."""

from __future__ import annotations

import re
from typing import Any

import keras

from draw import Draw, Shape
from layers import BY_NAME, TABLE, Layer
from recipe import Input, Node, Recipe, features, is_operation, layer_features, make_input, make_node

MAX_ELEMENTS = 12_000  # per example and tensor
MAX_WEIGHTS = 30_000
ATTEMPTS = 300
UNKNOWN = 6  # stands for an unknown size where elements are counted


def elements(shape: Shape) -> int:
    count = 1
    for size in shape[1:]:
        count *= UNKNOWN if size is None else size
    return count


def snake(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Grower:
    """Keeps each tensor of the recipe with Keras's symbolic value."""

    def __init__(self, c: Draw, name: str, depth: int) -> None:
        self.c, self.depth = c, depth
        self.recipe = Recipe(name, [], [], [])
        self.tensors: dict[str, Any] = {}
        self.layers: dict[str, Any] = {}
        self.refusal: Exception | None = None
        self.plain_names = c.odds(0.6)  # "n3"; otherwise as Keras numbers layers

    def shape(self, name: str) -> Shape:
        return tuple(self.tensors[name].shape)

    def fresh(self, layer: str) -> str:
        taken = set(self.tensors)
        stem = "n" if self.plain_names else snake(layer)
        for number in range(len(taken) + 2):
            name = stem if number == 0 and not self.plain_names else f"{stem}{'' if self.plain_names else '_'}{number}"
            if name not in taken:
                return name
        raise AssertionError("there is always a free name")

    # Steps; each returns the new tensor's name or None --------------------------

    def add_input(self, shape: list, dtype: str = "float32") -> str:
        count = len(self.recipe.inputs)
        name = f"x{count}" if self.plain_names else "input_layer" + (f"_{count}" if count else "")
        item = Input(name, shape, dtype)
        self.recipe.inputs.append(item)
        self.tensors[name] = make_input(keras, item)
        return name

    def add(self, node: Node) -> str | None:
        try:
            layer = self.layers[node.shares] if node.shares else make_node(keras, node)
            arguments = [self.tensors[name] for name in node.inputs]
            result = layer(arguments if node.listed else arguments[0])
            shape = result.shape
        except Exception as refusal:  # of many classes
            self.refusal = refusal
            return None
        if elements(shape) > MAX_ELEMENTS or any(size == 0 for size in shape) or len(shape) > 5 or len(shape) < 2:
            return None
        if sum(_product(weight.shape) for weight in getattr(layer, "weights", [])) > MAX_WEIGHTS:
            return None
        self.layers[node.name], self.tensors[node.name] = layer, result
        self.recipe.nodes.append(node)
        return node.name

    def apply(self, row: Layer, source: str) -> str | None:
        config = row.draw(self.c, self.shape(source))
        if config is None or not all(map(self.c.allowed, layer_features(row.name, config))):
            return None
        return self.add(Node(self.fresh(row.name), row.name, config, [source]))

    def merge(self, row: Layer, names: list[str]) -> str | None:
        config = row.draw(self.c, self.shape(names[0]))
        return None if config is None else self.add(Node(self.fresh(row.name), row.name, config, names, listed=True))

    def share(self, source: str) -> str | None:
        owners = [node for node in self.recipe.nodes if not node.shares and not node.listed and not is_operation(node.layer)]
        if not owners:
            return None
        owner = self.c.choice(owners)
        return self.add(Node(self.fresh(owner.layer), owner.layer, owner.config, [source], shares=owner.name))

    def nest(self, source: str) -> str | None:
        name = self.fresh("Functional")
        inner = grow_chain(self.c, name, list(self.shape(source)), self.depth + 1)
        return None if inner is None else self.add(Node(name, "Functional", {}, [source], inner=inner))

    def skip(self, source: str) -> str | None:
        """A layer that keeps the shape, and a merge with what went in."""
        for _ in range(6):
            row = self.draw_row(self.shape(source))
            result = row and self.apply(row, source)
            if result and self.shape(result) == self.shape(source):
                merge = self.draw_merge()
                return merge and self.merge(merge, [result, source] if self.c.odds(0.5) else [source, result])
        return None

    def draw_row(self, shape: Shape) -> Layer | None:
        rows = [row for row in TABLE if row.inputs == 1 and row.weight and row.takes(shape) and self.c.allowed(row.name)]
        return self.c.choices(rows, [row.weight for row in rows])[0] if rows else None

    def draw_merge(self) -> Layer | None:
        rows = [row for row in TABLE if row.inputs == 2 and self.c.allowed(row.name)]
        return self.c.choices(rows, [row.weight for row in rows])[0] if rows else None

    def step(self) -> str | None:
        c, names = self.c, list(self.tensors)
        source = names[-1] if c.odds(0.75) else c.choice(names)
        if c.odds(0.07):
            return self.share(source)
        if c.odds(0.08) and self.depth < 2 and c.allowed("nested model"):
            return self.nest(source)
        if c.odds(0.15):
            return self.skip(source)
        if c.odds(0.15) and len(names) > 1:
            merge = self.draw_merge()
            return merge and self.merge(merge, c.sample(names, min(len(names), c.pick(2, 2, 3))))
        row = self.draw_row(self.shape(source))
        return row and self.apply(row, source)

    def grow(self, steps: int) -> None:
        for _ in range(steps * 6):
            if steps <= 0:
                return
            steps -= self.step() is not None

    def choose_outputs(self) -> None:
        nodes = self.recipe.nodes
        used = {name for node in nodes for name in node.inputs}
        leaves = [node.name for node in nodes if node.name not in used]
        self.c.shuffle(leaves)
        outputs = leaves[: self.c.pick(1, 1, 1, 2, 3)]
        between = [node.name for node in nodes if node.name not in leaves]
        if between and self.c.odds(0.1):
            outputs.append(self.c.choice(between))
        self.recipe.outputs = outputs


def _product(shape: Shape) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


def grow_chain(c: Draw, name: str, shape: list, depth: int) -> Recipe | None:
    """A model with one input and one output, for use inside another."""
    grower = Grower(c, name, depth)
    grower.add_input([None, *shape[1:]])
    grower.grow(c.randint(1, 3))
    if not grower.recipe.nodes:
        return None
    grower.recipe.outputs = [grower.recipe.nodes[-1].name]
    recipe = grower.recipe.pruned()
    recipe.sequential = c.odds(0.5)
    return recipe


def draw_input(c: Draw) -> list:
    """A shape, batch first; some sizes unknown."""
    rank = c.choices((2, 3, 4, 5), (1, 4, 5, 2))[0]
    size = {2: 0, 3: 24, 4: 10, 5: 5}[rank]
    sizes: list = [c.pick(c.randint(1, size), c.randint(2, size), size - c.randint(0, 2)) for _ in range(rank - 2)]
    if c.odds(0.25):
        sizes = [None if c.odds(0.7) else value for value in sizes]
    return [c.pick(None, None, None, 1, 2), *sizes, c.pick(1, 2, 3, 3, 4, 5, 7, 8, 13)]


def draw_sizes(c: Draw, recipe: Recipe) -> None:
    """One run, or three where sizes are unknown: equal unknown sizes on every input."""
    spatial = any(None in item.shape[1:] for item in recipe.inputs)
    recipe.sizes = []
    for _ in range(3 if spatial else 1):
        batch = next((item.shape[0] for item in recipe.inputs if item.shape[0]), c.pick(1, 2, 3))
        unknown = c.pick(*range(1, 18)) if max(len(item.shape) for item in recipe.inputs) < 5 else c.randint(1, 5)
        recipe.sizes.append([[batch if axis == 0 else unknown if size is None else size
                              for axis, size in enumerate(item.shape)] for item in recipe.inputs])


def draw_model(c: Draw, must: str | None = None) -> Recipe:
    """A model that Keras builds; with a layer of class `must` if one is named."""
    for _ in range(ATTEMPTS):
        grower = Grower(c, c.pick("model", "m", "net_1", "Generator"), 0)
        if must == "Embedding" or (must is None and c.odds(0.04) and c.allowed("Embedding")):
            grower.add(Node("e", "Embedding", BY_NAME["Embedding"].draw(c, ()), [
                grower.add_input([None, c.randint(1, 9)], "int32" if c.odds(0.5) and c.allowed("input of integers") else "float32")]))
        else:
            grower.add_input(draw_input(c))
        if c.odds(0.2):
            same = list(grower.recipe.inputs[0].shape)
            grower.add_input(same if c.odds(0.6) else [same[0], *draw_input(c)[1:]])
        grower.grow(c.pick(1, 2, 2, 3, 4, 5, 6))
        if must and not add_last(grower, must):
            continue
        if not grower.recipe.nodes:
            continue
        grower.choose_outputs()
        recipe = grower.recipe.pruned()
        if must and must not in features(recipe):
            continue
        recipe.sequential = recipe.is_chain() and c.odds(0.5)
        draw_sizes(c, recipe)
        return recipe
    raise RuntimeError(f"no model with {must or 'the supported layers'} in {ATTEMPTS} attempts; the last refusal was "
                       f"{grower.refusal!r}")


def add_last(grower: Grower, must: str) -> bool:
    """The layer asked for, on any tensor that it takes."""
    row, c = BY_NAME[must], grower.c
    if must == "Embedding":
        return True
    wrapped = ("LSTM", "GRU", "SimpleRNN") if must == "Bidirectional" else ()
    allowed, c.allowed = c.allowed, lambda feature: feature == must or feature in wrapped or allowed(feature)
    try:
        names = [name for name in grower.tensors if row.takes(grower.shape(name))]
        for _ in range(12 if names else 0):
            name = c.choice(names)
            if row.inputs == 2:
                done = grower.merge(row, [name, c.choice(names)])
            else:
                done = grower.apply(row, name)
            if done:
                return True
        return False
    finally:
        c.allowed = allowed
