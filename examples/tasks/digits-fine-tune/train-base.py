#!/usr/bin/env python3
"""Trains base.safetensors: the body of a small network, on the digits 0 to 4 of ../digits.

The task is about the digits 5 to 9, so no image of it is seen here. Plain Python with
numbers of its own generator: the same file wherever it runs (up to the last bit of exp).
Takes about a minute: python3 train-base.py
"""

import json
import math
import pathlib
import random
import struct

HERE = pathlib.Path(__file__).parent
WIDTHS = (64, 64, 32, 5)
STEPS, BATCH, RATE, MOMENTUM = 500, 16, 0.05, 0.9


def rows():
    for line in (HERE.parent / "digits" / "digits.csv").read_text().split():
        *pixels, digit = (int(value) for value in line.split(","))
        if digit < 5:
            yield [pixel / 16 for pixel in pixels], digit


def forward(layers, inputs):
    values = [inputs]
    for number, (weight, bias) in enumerate(layers):
        out = list(bias)
        for value, line in zip(values[-1], weight):
            if value != 0:
                for at, w in enumerate(line):
                    out[at] += value * w
        if number < len(layers) - 1:
            out = [max(0.0, value) for value in out]
        values.append(out)
    return values


def main():
    rng = random.Random(1)
    data = list(rows())
    layers = []
    for ins, outs in zip(WIDTHS, WIDTHS[1:]):
        bound = math.sqrt(6 / ins)
        weight = [[rng.uniform(-bound, bound) for _ in range(outs)] for _ in range(ins)]
        layers.append((weight, [0.0] * outs))
    speed = [([[0.0] * len(line) for line in weight], [0.0] * len(bias)) for weight, bias in layers]

    for step in range(STEPS):
        steps = [([[0.0] * len(line) for line in weight], [0.0] * len(bias)) for weight, bias in layers]
        loss = 0.0
        for inputs, digit in rng.sample(data, BATCH):
            values = forward(layers, inputs)
            top = max(values[-1])
            exps = [math.exp(value - top) for value in values[-1]]
            total = sum(exps)
            loss -= math.log(exps[digit] / total) / BATCH
            error = [value / total for value in exps]
            error[digit] -= 1.0
            for number in reversed(range(len(layers))):
                weight, _ = layers[number]
                by_weight, by_bias = steps[number]
                for at, value in enumerate(error):
                    by_bias[at] += value / BATCH
                below = [0.0] * len(weight)
                for place, value in enumerate(values[number]):
                    if value != 0:
                        line, change = weight[place], by_weight[place]
                        below[place] = sum(w * e for w, e in zip(line, error))
                        for at, e in enumerate(error):
                            change[at] += value * e / BATCH
                error = below
        rate = RATE * (1 - step / STEPS)
        for (weight, bias), (fast, fast_bias), (change, change_bias) in zip(layers, speed, steps):
            for line, pace, more in zip(weight, fast, change):
                for at, value in enumerate(more):
                    pace[at] = MOMENTUM * pace[at] - rate * value
                    line[at] += pace[at]
            for at, value in enumerate(change_bias):
                fast_bias[at] = MOMENTUM * fast_bias[at] - rate * value
                bias[at] += fast_bias[at]
        if step % 100 == 0:
            print(f"step {step}: loss {loss:.4f}")

    right = sum(max(range(5), key=forward(layers, x)[-1].__getitem__) == y for x, y in data)
    print(f"{right} of {len(data)} images right")
    write({
        "body.first.weight": layers[0][0], "body.first.bias": layers[0][1],
        "body.second.weight": layers[1][0], "body.second.bias": layers[1][1],
    })


def write(tensors):
    header, parts, offset = {}, [], 0
    for name in sorted(tensors):
        tensor = tensors[name]
        flat = [v for line in tensor for v in line] if isinstance(tensor[0], list) else tensor
        shape = [len(tensor), len(tensor[0])] if isinstance(tensor[0], list) else [len(tensor)]
        data = struct.pack(f"<{len(flat)}f", *flat)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (HERE / "base.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


main()
