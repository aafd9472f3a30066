"""``python -m local``: the local run until Ctrl-C. ``python -m local reset``: forget its state."""

import sys


def _main(arguments: "list[str]") -> int:
    # Read by whatever Python there is, so nothing newer than 3.6 stands in this file.
    if sys.version_info < (3, 11):  # noqa: UP036 - as said above
        print("miINTI: hace falta Python 3.11 o más nuevo; este es {}.{}.".format(*sys.version_info), file=sys.stderr)
        return 1
    if arguments == ["reset"]:
        from local import reset

        return reset.main()
    if arguments:
        print("miINTI: uso: python -m local [reset]", file=sys.stderr)
        return 1
    from local import run

    return run.main()


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
