"""PyTorch's eager step for the three models that `gauntlet-bench device` compares.

The same sizes, batch sizes and optimisers as the example methods adamw-cosine,
transformer-lm and residual-net; batches come from the host's memory, and the loss is
read as often as Gauntlet's natively run methods read it. Prints a line a model:
its name, a tab, milliseconds of a step, a tab, how many parameters it has.

    python3 torch_steps.py cuda:0|cpu [STEPS]
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Perceptron(nn.Module):
    batch = 64
    read_every = 1

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 128)
        self.second = nn.Linear(128, 10)

    def loss(self, batch):
        x, y = batch
        return functional.cross_entropy(self.second(torch.relu(self.first(x))), y)

    def sample(self):
        return torch.rand(self.batch, 64), torch.randint(0, 10, (self.batch,))


class Transformer(nn.Module):
    batch = 32
    read_every = 64
    context = 128
    clip = 1.0

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(256, 128)
        self.places = nn.Embedding(self.context, 128)
        layer = nn.TransformerEncoderLayer(
            128, 4, 512, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(128)
        self.output = nn.Linear(128, 256)

    def loss(self, batch):
        tokens, targets = batch
        places = torch.arange(self.context, device=tokens.device)
        mask = nn.Transformer.generate_square_subsequent_mask(self.context, device=tokens.device)
        state = self.tokens(tokens) + self.places(places)
        state = self.blocks(state, mask=mask, is_causal=True)
        scores = self.output(self.norm(state))
        return functional.cross_entropy(scores.flatten(0, 1), targets.flatten())

    def sample(self):
        text = torch.randint(0, 256, (self.batch, self.context + 1))
        return text[:, :-1].contiguous(), text[:, 1:].contiguous()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(32, 32, 3, padding=1)
        self.outer = nn.Conv2d(32, 32, 3, padding=1)

    def forward(self, image):
        return torch.relu(image + 0.5 * self.outer(torch.relu(self.inner(image))))


class Residual(nn.Module):
    batch = 32
    read_every = 64

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 32, 3, padding=1)
        self.blocks = nn.Sequential(Block(), Block())
        self.output = nn.Linear(32 * 8, 10)

    def loss(self, batch):
        x, y = batch
        image = self.blocks(torch.relu(self.stem(x)))
        return functional.cross_entropy(self.output(image.mean(2).flatten(1)), y)

    def sample(self):
        return torch.rand(self.batch, 1, 8, 8), torch.randint(0, 10, (self.batch,))


def step_ms(model, device, steps):
    """Mean milliseconds of the second half of the steps, as `late_step` counts them."""
    model = model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    samples = [model.sample() for _ in range(16)]
    loss = None
    for step in range(steps):
        if step == steps // 2:
            if loss is not None:
                loss.item()
            began = time.perf_counter()
        batch = [part.to(device) for part in samples[step % len(samples)]]
        optimizer.zero_grad(set_to_none=True)
        loss = model.loss(batch)
        loss.backward()
        if getattr(model, "clip", None):
            torch.nn.utils.clip_grad_norm_(model.parameters(), model.clip)
        optimizer.step()
        if step % model.read_every == 0:
            loss.item()
    loss.item()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - began) / (steps - steps // 2)


def main():
    device = torch.device(sys.argv[1])
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    if device.type == "cpu":
        # As Gauntlet's threads in a dry run.
        torch.set_num_threads(1)
    for name, model in [
        ("adamw-cosine", Perceptron()),
        ("transformer-lm", Transformer()),
        ("residual-net", Residual()),
    ]:
        count = sum(parameter.numel() for parameter in model.parameters())
        print(f"{name}\t{step_ms(model, device, steps):.3f}\t{count}", flush=True)


main()
