"""`python -m lamina ...` is the command line `lamina ...`."""
import signal
import sys


def main():
    from lamina import _core
    # The commands run without Python: Ctrl-C ends them.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    return _core.command_line(["lamina", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
