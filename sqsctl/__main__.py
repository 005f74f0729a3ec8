"""python -m sqsctl"""

from sqsctl.cli.main import run

if __name__ == "__main__":
    run()
