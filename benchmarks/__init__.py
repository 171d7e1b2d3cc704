"""What the project claims of its speed and its error rates, measured: `python -m benchmarks` writes reports/bench.json."""
