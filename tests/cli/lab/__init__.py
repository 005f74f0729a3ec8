"""Tests of the lab's commands that need no lab."""
