"""What is done about errors that name their own remedy: SQS's, databases', and a language's own."""

from __future__ import annotations

import re

from sqsctl.checks.support.file_system_remedies import file_system
from sqsctl.model.intents import ChangeCode, Option, Redrive, Remedy, Set, Tell, Wait, remedy

# Sentences of services, and what the code has to do about each.
_CODE: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"must contain the parameter MessageGroupId"),
        "give the call a MessageGroupId: the queue that it sends to is a FIFO queue",
    ),
    (
        re.compile(r"Signature (?:expired|not yet current): |RequestTimeTooSkewed"),
        (
            "set the clock of the machine that signs (NTP; a container or VM that slept is started "
            "anew), and sign when the call is made: a signature is good for minutes, and what was "
            "signed before Lambda froze the environment is not"
        ),
    ),
    (
        re.compile(r"EmptyBatchRequest|at least one \w+RequestEntry"),
        "make no batch call without entries: leave it out where the list is empty",
    ),
    (
        re.compile(r"TooManyEntriesInBatchRequest|Maximum number of entries per request are 10"),
        "send at most 10 entries in one batch call: cut the list into tens",
    ),
    (
        re.compile(r"BatchEntryIdsNotDistinct|batch entries in the request have the same Id"),
        "give each entry of a batch an Id of its own within the call, such as its index",
    ),
    (
        re.compile(r"InvalidBatchEntryId|batch entry id can only contain"),
        "make each entry's Id of letters, digits, - and _, at most 80, such as its index",
    ),
    (
        re.compile(r"Number of message attributes \[\d+\] exceeds"),
        "give a message at most 10 attributes: put the others into its body",
    ),
    (
        re.compile(r"attribute \S{1,80} must contain non-empty message attribute type"
                   r"|supported type prefixes"),
        (
            "give each message attribute a DataType, String, Number or Binary as it is written "
            "here, and its value beside it"
        ),
    ),
    (
        re.compile(r"[Mm]essage (?:\(user\) )?attribute \S{1,80} must contain (?:a )?non-empty"),
        "leave a message attribute out where its value is empty: SQS takes no empty ones",
    ),
    (
        re.compile(r"[Ss]ource queue must be configured as a Dead Letter Queue"),
        (
            "name a dead-letter queue as the source of the move: a queue that the RedrivePolicy of "
            "another queue refers to"
        ),
    ),
    (
        re.compile(r"InvalidMessageContents|Invalid characters found"),
        "take control characters out of the body, or encode it (base64): SQS takes XML's alone",
    ),
    (
        re.compile(r"DelaySeconds[^\n]{0,120}not valid for this queue type"),
        "leave DelaySeconds out of the send: in a FIFO queue only the queue itself has a delay",
    ),
    (
        re.compile(r"provided key element does not match the schema"),
        "give the call the table's own keys, all of them, by their names and types",
    ),
    (
        re.compile(r"Item size has exceeded|Item size to update has exceeded"),
        "keep an item below DynamoDB's 400 KB: put what is large into S3 and its key into the item",
    ),
    (
        re.compile(r"removeUndefinedValues"),
        (
            "leave undefined values out, or make the document client with marshallOptions: "
            "{ removeUndefinedValues: true }"
        ),
    ),
    (
        re.compile(r"Float types are not supported\. Use Decimal"),
        "give DynamoDB Decimal instead of float: json.loads(text, parse_float=Decimal)",
    ),
    (
        re.compile(r"Object of type (?:Decimal|datetime|date|UUID) is not JSON serializable"),
        "say how such a value becomes JSON: json.dumps(value, default=str)",
    ),
    (
        re.compile(r"Do not know how to serialize a BigInt"),
        "turn a BigInt into text before JSON.stringify: it has no form in JSON",
    ),
    (
        re.compile(r"Event loop is closed|attached to a different loop|no current event loop"),
        (
            "keep one event loop for the life of the environment, and make async clients in it: "
            "asyncio.run closes its loop at the end of each invocation"
        ),
    ),
    (
        re.compile(r"\[Errno 38\] Function not implemented"),
        (
            "use threads, or multiprocessing's Process with Pipe: Lambda has no /dev/shm, which "
            "Pool, Queue and Lock of multiprocessing need"
        ),
    ),
    (
        re.compile(r"no pg_hba\.conf entry[^\n]{0,200}no encryption|SSL connection is required"),
        (
            "connect with TLS, which the database demands: sslmode=require, or ssl in the client's "
            "settings with the RDS certificates (global-bundle.pem)"
        ),
    ),
    (
        re.compile(
            r"self[- ]signed certificate in certificate chain|unable to get local issuer"
            r" certificate|CERTIFICATE_VERIFY_FAILED"
        ),
        (
            "give the client the certificate authority's certificates (for RDS global-bundle.pem, "
            "packaged with the function), and leave verification on"
        ),
    ),
    (
        re.compile(r"READONLY You can't write|cannot execute \w+ in a read-only transaction"
                   r"|NotWritablePrimary"),
        (
            "write to the primary's endpoint, not to a reader's (replica), and connect anew after "
            "a failover: a kept connection stays with the old primary"
        ),
    ),
    (
        re.compile(r"\bMOVED \d+ "),
        "use the client's cluster mode: the cache is a cluster, and another node has the key",
    ),
    (
        re.compile(
            r"ConnectionAcquireTimeout|Timeout acquiring a connection|pool is probably full"
            r"|Timed out fetching a new connection|QueuePool limit of size|P2024\b"
        ),
        (
            "give the pool as many connections as queries run at once in one invocation, wait for "
            "every query before the handler returns, and keep the pool outside the handler: what "
            "is still running is frozen with its connection"
        ),
    ),
    (
        re.compile(r"Runtime\.Restore(?:Error|Timeout)|restore from (?:the )?snapshot"),
        (
            "do less in the hooks that run after a restore (SnapStart gives them 10 seconds), and "
            "open connections in the handler instead, where they are needed"
        ),
    ),
    (
        re.compile(r"deadlock detected|Deadlock found when trying to get lock|ER_LOCK_DEADLOCK"),
        "run the transaction again after a deadlock, and touch rows in the same order everywhere",
    ),
    (
        re.compile(r"Idempotency\w{0,10}AlreadyInProgress"),
        (
            "let another run that holds the idempotency record end first: the message comes back "
            "and finds its result; where a run timed out, give Powertools the Lambda context "
            "(register_lambda_context, registerLambdaContext), so that its record expires with it"
        ),
    ),
    (
        re.compile(r"IdempotencyPersistence(?:Layer)?(?:Error|Exception)"),
        (
            "let the function reach its idempotency table: its name, its key's name and type, "
            "its region, and the function's rights to get, put, update and delete items there; "
            "log the error's cause, which names the call that failed"
        ),
    ),
    (
        re.compile(r"invalid memory address or nil pointer dereference"),
        (
            "test for nil before the value is used: an error that was not looked at, a field that "
            "the message lacks, a client that was not made"
        ),
    ),
    (
        re.compile(r"duplicate key value|Duplicate entry '|E11000"),
        (
            "let the insert be idempotent (ON CONFLICT DO NOTHING, upsert): SQS delivers a message "
            "more than once, and what was written then is there already"
        ),
    ),
)  # fmt: skip
_EXPIRED = re.compile(
    r"[Rr]eceipt ?[Hh]andle[^\n]{0,120}(?:has )?expired|ReceiptHandle is invalid|MessageNotInflight"
    r"|not available for visibility timeout change"
)
# FIFO's parameters on a queue that is none; standard queues take a MessageGroupId by now.
_NOT_FIFO = re.compile(
    r"(?:for parameter |The parameter )?(?P<name>Message(?:GroupId|DeduplicationId))\b[^\n]{0,120}"
    r"(?:not valid for this queue type|not allowed|is invalid)"
)
_NO_SLOT = re.compile(
    r"connection slots|[Tt]oo many (?:database )?connections|ER_CON_COUNT|too many clients already"
    r"|max_user_connections|max_connections|PROTOCOL_CONNECTION_LIMIT"
)
# A connection that an earlier invocation left, and that is no more.
_LOST = re.compile(
    r"no connection available|[Cc]onnection (?:terminated|was closed|is closed|lost|already closed)"
    r"|server closed the connection|server has gone away|Lost connection to|ECONNRESET|EPIPE"
    r"|socket hang up|[Tt]opology (?:is closed|was destroyed)|[Pp]ool (?:is closed|was destroyed)"
    r"|Client has been closed|InterfaceError|connection reset by peer|[Bb]roken pipe"
    r"|other side closed|UND_ERR_SOCKET"
)
_NO_CIPHERTEXT = re.compile(r"InvalidCiphertextException")
_DEDUPLICATED = re.compile(r"ContentBasedDeduplication enabled or MessageDeduplicationId")
_A_MINUTE = re.compile(r"PurgeQueueInProgress|QueueDeletedRecently")


def told_by_itself(text: str, *, service: bool = True) -> Remedy | None:
    """The remedy of an error that names it; ``service``: whether the service is at fault."""
    if mounted := file_system(text):
        return mounted
    if _NO_SLOT.search(text):
        return _fewer_connections()
    if _EXPIRED.search(text):
        return _hidden_longer()
    if _DEDUPLICATED.search(text):
        return _deduplicated()
    if _NO_CIPHERTEXT.search(text):
        return _encrypted_anew()
    if _A_MINUTE.search(text):
        said = "wait 60 seconds and make the call again: SQS takes one in a minute"
        return remedy(said, Wait("60 seconds are over, then make the call again"))
    for pattern, said in _CODE:
        if pattern.search(text):
            return remedy(said, ChangeCode(said), afterwards=Redrive())
    if match := _NOT_FIFO.search(text):
        name = match.group("name")
        said = (
            f"take {name} out of the call: the queue that it sends to is no FIFO queue; or send to "
            "a FIFO queue, whose name ends in .fifo"
        )
        return remedy(said, ChangeCode(said), afterwards=Redrive())
    return _connect_again() if service and _LOST.search(text) else None


def _fewer_connections() -> Remedy:
    said = (
        "fewer connections: one outside the handler, RDS Proxy before the database, or a "
        "MaximumConcurrency on the mapping"
    )
    code = ChangeCode(
        "open one connection outside the handler and reuse it: each environment of the function "
        "holds its own, so that as many environments as run hold as many connections"
    )
    fewer = Tell(
        "set MaximumConcurrency on the mapping (ScalingConfig, at least 2) below the connections "
        "that the database leaves for it"
    )
    proxy = Tell("put RDS Proxy before the database, and let the function connect to that")
    return remedy(
        said,
        code,
        fewer,
        other=(Option((proxy,), "where so many are to run at once"),),
        afterwards=Redrive(),
    )


def _hidden_longer() -> Remedy:
    """The work was done: what expired is the right to say so."""
    return remedy(
        "raise the queue's visibility timeout above the time that the work takes: the handle "
        "expired before the message was deleted",
        Tell(
            "the visibility timeout (six times the function's timeout with a mapping) has to be "
            "longer than the longest work, or to be extended on the way (ChangeMessageVisibility); "
            "the work itself was done, and is done again each time: let it be idempotent"
        ),
        other=(
            Option(
                (ChangeCode("delete right after the work, and each message by its own handle"),),
                "where one receive's messages are deleted at the end",
            ),
        ),
    )


def _connect_again() -> Remedy:
    said = (
        "test a connection that an earlier invocation left before it is used, and connect again "
        "where it is closed; retry the call once"
    )
    return remedy(
        said,
        ChangeCode(
            f"{said}: the sandbox stands still between invocations, and the server closes what is "
            "idle meanwhile. Keep the idle timeout of the pool below the server's"
        ),
        afterwards=Redrive(),
    )


def _deduplicated() -> Remedy:
    said = "give each send to the FIFO queue a MessageDeduplicationId"
    return remedy(
        f"{said}, or switch ContentBasedDeduplication on",
        Set("queue", "", {"ContentBasedDeduplication": True}),
        other=(Option((ChangeCode(said),), "where equal bodies are different messages"),),
        afterwards=Redrive(),
    )


def _encrypted_anew() -> Remedy:
    said = (
        "give the code a ciphertext of the function's own region, key and encryption context: what "
        "it decrypts is plain text, cut off, or was encrypted elsewhere"
    )
    return remedy(
        said,
        Tell(
            "encrypt the value anew in the function's region (aws kms encrypt) and put it where "
            "the code reads it, whole and decoded from base64 once; what the console's helper "
            "encrypted wants the encryption context LambdaFunctionName"
        ),
        afterwards=Redrive(),
    )
