"""What is measured, beside which peers; `python -m bench` runs it. See bench/README.md."""
