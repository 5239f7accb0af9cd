"""A model as plain data: what is drawn, printed, shrunk, and built by either Keras.

A tensor is called by the node or input that makes it. A node calls a layer of its
own, the layer of an earlier node (`shares`), a model inside the model (`inner`), or
a function of keras.ops, whose class is spelled "ops.NAME".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Iterator

from draw import Shape


@dataclass
class Input:
    name: str
    shape: list  # batch first; None where unknown
    dtype: str = "float32"


@dataclass
class Node:
    name: str
    layer: str
    config: dict[str, Any]
    inputs: list[str]
    listed: bool = False  # called with a list
    shares: str = ""
    inner: "Recipe | None" = None


@dataclass
class Recipe:
    name: str
    inputs: list[Input]
    nodes: list[Node]
    outputs: list[str]
    sequential: bool = False
    sizes: list[list[list[int]]] = field(default_factory=list)  # per run, per input: its shape

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def pruned(self) -> "Recipe":
        """Without nodes and inputs that reach no output."""
        needed = set(self.outputs)
        for node in reversed(self.nodes):
            if node.name in needed:
                needed |= set(node.inputs)
        nodes = [node for node in self.nodes if node.name in needed]
        owners = {node.name for node in nodes if not node.shares}
        # A layer whose first call went away belongs to its next call.
        for node in nodes:
            if node.shares and node.shares not in owners:
                old, node.shares = node.shares, ""
                node.inner = self.node(old).inner
                owners.add(node.name)
                for other in nodes:
                    if other.shares == old:
                        other.shares = node.name
        kept = [i for i, item in enumerate(self.inputs) if item.name in needed]
        return Recipe(self.name, [self.inputs[i] for i in kept], nodes, list(self.outputs), self.sequential,
                      [[run[i] for i in kept] for run in self.sizes])

    def is_chain(self) -> bool:
        before = self.inputs[0].name
        for node in self.nodes:
            if node.inputs != [before] or node.listed or node.shares or is_operation(node.layer):
                return False
            before = node.name
        return len(self.inputs) == 1 and self.outputs == [before]


def to_data(recipe: Recipe) -> dict:
    return asdict(recipe)


def from_data(data: dict) -> Recipe:
    nodes = [Node(**{**node, "inner": from_data(node["inner"]) if node["inner"] else None}) for node in data["nodes"]]
    return Recipe(**{**data, "nodes": nodes, "inputs": [Input(**item) for item in data["inputs"]]})


def describe(recipe: Recipe, indent: str = "  ") -> str:
    lines = [f"{indent}{item.name}: Input({item.shape}{'' if item.dtype == 'float32' else ', ' + item.dtype})"
             for item in recipe.inputs]
    for node in recipe.nodes:
        layer = f"layer of {node.shares}" if node.shares else (
            node.layer + "(" + ", ".join(f"{k}={v!r}" for k, v in node.config.items()) + ")")
        lines.append(f"{indent}{node.name} = {layer} <- {', '.join(node.inputs)}")
        if node.inner:
            lines.append(describe(node.inner, indent + "    "))
    return "\n".join(lines + [f"{indent}-> {', '.join(recipe.outputs)}"])


# Features -------------------------------------------------------------------


def features(recipe: Recipe) -> set[str]:
    """What the tool must know for this model: classes and the values that count."""
    return set(_features(recipe))


def _features(recipe: Recipe) -> Iterator[str]:
    if any(item.dtype != "float32" for item in recipe.inputs):
        yield "input of integers"
    for node in recipe.nodes:
        if node.inner:
            yield "nested model"
            yield from _features(node.inner)
        else:
            yield from layer_features(node.layer, node.config)


def layer_features(name: str, config: dict) -> Iterator[str]:
    yield name
    if is_operation(name):
        return
    activation = config.get("activation")
    if isinstance(activation, dict):
        yield "activation object"
        yield activation["class_name"]
    elif activation is not None:
        yield f"activation {activation}"
    if "interpolation" in config:
        yield f"interpolation {config['interpolation']}"
    if "layer" in config:
        yield from layer_features(config["layer"]["class_name"], config["layer"]["config"])


# Building -------------------------------------------------------------------


def make_layer(library: Any, layer: str, config: dict, **more: Any) -> Any:
    """A layer of `library` (keras or tf_keras)."""
    arguments = {}
    for key, value in config.items():
        if isinstance(value, dict) and "class_name" in value:
            value = make_layer(library, value["class_name"], value["config"])
        arguments[key] = tuple(value) if key in ("target_shape", "dims") else value
    return getattr(library.layers, layer)(**arguments, **more)


def is_operation(name: str) -> bool:
    return name.startswith("ops.")


def make_operation(library: Any, node: Node) -> Any:
    """A function of one tensor, or of a list."""
    function, spread = getattr(library.ops, node.layer.removeprefix("ops.")), node.layer != "ops.concatenate"
    config = {key: tuple(value) if isinstance(value, list) else value for key, value in node.config.items()}
    if "with" in config:  # a constant operand
        constant = config.pop("with")
        return lambda x: function(x, constant, **config)
    return lambda x: function(*x, **config) if node.listed and spread else function(x, **config)


def make_node(library: Any, node: Node) -> Any:
    if node.inner:
        return build(node.inner, library)
    if is_operation(node.layer):
        return make_operation(library, node)
    return make_layer(library, node.layer, node.config, name=node.name)


def make_input(library: Any, item: Input) -> Any:
    return library.Input(shape=tuple(item.shape[1:]), batch_size=item.shape[0], name=item.name, dtype=item.dtype)


def build(recipe: Recipe, library: Any) -> Any:
    """The model; whatever Keras refuses is its own exception."""
    if recipe.sequential and recipe.is_chain():
        return library.Sequential([make_input(library, recipe.inputs[0]),
                                   *(make_node(library, node) for node in recipe.nodes)], name=recipe.name)
    tensors = symbolic(recipe, library)
    ins, outs = [tensors[item.name] for item in recipe.inputs], [tensors[name] for name in recipe.outputs]
    return library.Model(ins[0] if len(ins) == 1 else ins, outs[0] if len(outs) == 1 else outs, name=recipe.name)


def symbolic(recipe: Recipe, library: Any) -> dict[str, Any]:
    """Every tensor of the recipe."""
    tensors = {item.name: make_input(library, item) for item in recipe.inputs}
    layers: dict[str, Any] = {}
    for node in recipe.nodes:
        layers[node.name] = layers[node.shares] if node.shares else make_node(library, node)
        arguments = [tensors[name] for name in node.inputs]
        tensors[node.name] = layers[node.name](arguments if node.listed else arguments[0])
    return tensors


def layer_of(model: Any, node: Node) -> Any:
    return model.get_layer(node.inner.name if node.inner else node.shares or node.name)
