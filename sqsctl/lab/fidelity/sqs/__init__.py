"""Where the emulator's SQS answers otherwise than AWS's."""
