"""The embedded stack: an AWS emulator on loopback, the tutorial's template, its incidents."""
