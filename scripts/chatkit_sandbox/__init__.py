"""The parts of scripts/sandbox, a small ChatKit API for tests."""
