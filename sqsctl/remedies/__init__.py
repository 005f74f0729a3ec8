"""What to do about a finding, in the words of the case. Pure.

A check says what is wrong and hands over *intents*; it words no command and no line of a file:

    from sqsctl.model.intents import Redrive, Set, remedy

    self.found(
        f"{queue.name} hides a message for 30 s, but {function.name} may run 60 s",
        evidence=...,
        remedy=remedy(
            "set the visibility timeout to 360 s",
            Set("queue", queue.url, {"VisibilityTimeout": 360}, {"VisibilityTimeout": 30}),
            disposition="safe",
            afterwards=Redrive(),
        ),
        subject=queue.name,
    )

``checks.base.examine`` makes the ``Context`` (``context.context_of``: language, runtime, package,
tool and its version, phase, role, dead letters in sight) and calls ``render.render``, which words
the remedy as a ``Fix``: ``ways`` (alternatives, each complete) of ``steps`` (a command as argv, an
edit, a sentence), ``verify``, ``afterwards`` and ``undo``.

Intents (``sqsctl.model.intents``, with their fields):

- ``Set``: properties of a queue, function, mapping or permission, by CloudFormation's names.
- ``Grant`` and ``TakeDenyAway``: ``by`` says whose policy (identity, resource, boundary…).
- ``Package``: a dependency, native build, file, or everything again.
- ``ChangeCode``: a sentence, where, and the lines to write; ``ChangeRuntime``.
- ``Create`` a queue, ``Quota``, ``Wait``, ``Deploy`` the project as it is.
- ``Do``: an AWS call that no other intent tells; ``Look``: one that reads, or ``sqsctl`` words.
- ``Tell``: a decision that a person has to take.

Alternatives are ``Option``s (``remedy(..., other=(Option((...,), when="…"),))``), each complete.
What the text tells beyond the stack goes into the ``Remedy``: ``runtime``, ``language``, ``image``,
``phase="deploy"`` for an error of a deploy (mended in the template, no dead letters). A name that
a log line alone tells is marked ``from_log=True``. Today's values go into ``Set.present``: they
make the undo.

Who does what: ``calls`` turns intents into API calls, ``cli`` words calls as ``aws``, ``grants``
knows policies, ``packaging`` builds, ``renderers`` has one file for each deploy tool.
"""
