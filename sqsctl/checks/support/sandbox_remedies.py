"""What is done about a limit of the sandbox, in the language of the code that met it."""

from __future__ import annotations

from sqsctl.checks.support.sandbox_limits import Limit
from sqsctl.model.intents import (
    ChangeCode,
    Option,
    Package,
    Redrive,
    Remedy,
    Set,
    Tell,
    remedy,
)

_DISK_MB = 512  # what a function has where nothing else is configured
_MOST_DISK_MB = 10_240

# One client or pool for the life of the environment, and a bound on what runs at once.
_BOUNDED: dict[str, tuple[str, ...]] = {
    "python": (
        "from concurrent.futures import ThreadPoolExecutor",
        "",
        "pool = ThreadPoolExecutor(max_workers=16)  # outside the handler: made once",
        "",
        "def handler(event, context):",
        '    list(pool.map(work, event["Records"]))  # ends when all of them have ended',
    ),
    "node": (
        "const client = new SQSClient({})  // outside the handler: made once",
        "",
        "export const handler = async (event) => {",
        "  for (let at = 0; at < event.Records.length; at += 10)",
        "    await Promise.all(event.Records.slice(at, at + 10).map(work))  // ten at once",
        "}",
    ),
    "java": (
        "private static final ExecutorService POOL = Executors.newFixedThreadPool(16);",
        "private static final SqsClient SQS = SqsClient.create();  // one client, made once",
        "",
        "POOL.invokeAll(tasks);  // ends when all of them have ended",
    ),
    "go": (
        "var client = sqs.NewFromConfig(config) // outside the handler: made once",
        "",
        "group, ctx := errgroup.WithContext(ctx)",
        "group.SetLimit(16) // goroutines at once",
        "defer response.Body.Close()",
    ),
    "ruby": (
        "records.each_slice(10) do |few|",
        "  few.map { |record| Thread.new(record) { |one| work(one) } }.each(&:join)",
        "end",
    ),
    "dotnet": (
        "await Parallel.ForEachAsync(records,",
        "    new ParallelOptions { MaxDegreeOfParallelism = 16 },",
        "    async (record, token) => await Work(record, token));",
    ),
}


def mending(limit: Limit, language: str, function: str) -> Remedy:
    """The remedy of a limit that a function met."""
    match limit.what:
        case "open files":
            return remedy(
                "open fewer files and sockets at once, close them, and reuse one client",
                ChangeCode(
                    "make one client (or connection pool) outside the handler and reuse it, bound "
                    "how many records are worked on at once, and close files, sockets and bodies "
                    "of responses, also after an error: a sandbox has 1,024 descriptors",
                    language=language,
                    lines=_BOUNDED.get(language, ()),
                ),
            )
        case "threads":
            return remedy(
                "use one bounded pool of threads or processes, and let them end before the handler "
                "returns",
                ChangeCode(
                    "a bounded pool, made once, and joined before the handler returns: a sandbox "
                    "has 1,024 threads and processes, and what earlier invocations left running "
                    "counts",
                    language=language,
                    lines=_BOUNDED.get(language, ()),
                ),
            )
        case "read-only file system":
            return _elsewhere(limit)
        case "full disk":
            return remedy(
                "delete what the handler writes to /tmp, or give it more ephemeral storage",
                ChangeCode(
                    "delete what the handler puts into /tmp before it returns, also after an "
                    "error: the environment is used again, with what earlier invocations left there"
                ),
                other=(
                    Option(
                        (
                            Set(
                                "function",
                                function,
                                {"EphemeralStorage": {"Size": 2 * _DISK_MB}},
                            ),
                            Tell(
                                f"that is twice the {_DISK_MB} MB which a function has by default: "
                                "where it has more (get-function-configuration, EphemeralStorage), "
                                f"take twice that; {_MOST_DISK_MB:,} MB are the most"
                            ),
                        ),
                        "where one invocation alone needs more",
                    ),
                ),
            )
        case "program" if limit.name.startswith("/opt/extensions/"):
            return _extension(limit.name)
        case "program":
            return _program(limit.name)
        case "file's permission":
            return _readable(limit.name)
        case _:
            name = limit.name
            return remedy(
                f"make {name} executable before it is packaged",
                Tell(
                    f"chmod 755 {name}, then package it: the archive keeps the mode (zip from "
                    "Windows does not), an image wants RUN chmod 755 in its Dockerfile"
                ),
            )


def _readable(path: str) -> Remedy:
    folder = "layer" if path.startswith("/opt/") else "package"
    return remedy(
        f"let everybody read {path} before the {folder} is made: Lambda's user is not its owner",
        Tell(
            f"chmod -R u=rwX,go=rX . in the folder that the {folder} is made of (644 for files, "
            "755 for folders and programs), then zip it: the archive keeps the modes; an image "
            "wants COPY --chmod=755, or RUN chmod in its Dockerfile"
        ),
        Package("again"),
        afterwards=Redrive(),
    )


def _elsewhere(limit: Limit) -> Remedy:
    home = limit.name.startswith("/home/") or ".cache" in limit.name or "/." in limit.name
    code = ChangeCode(
        "write below /tmp (tempfile, os.tmpdir()), the only folder that can be written to; what is "
        "to stay belongs into S3"
    )
    cache = (
        Tell(
            "set HOME=/tmp in the function's environment, or the library's own variable for its "
            "cache (npm_config_cache=/tmp/.npm, XDG_CACHE_HOME=/tmp, HF_HOME=/tmp, "
            "MPLCONFIGDIR=/tmp); what installs itself at the start (npx, pip) belongs into the "
            "image"
        ),
    )
    options = (Option(cache, "a library chooses the folder"), Option((code,), "your code does"))
    return Remedy(
        "write to /tmp: nothing else can be written to", options if home else options[::-1]
    )


def _extension(path: str) -> Remedy:
    """Lambda starts what it found in /opt/extensions: what is absent is what runs the file."""
    name = path.rpartition("/")[2]
    return remedy(
        f"package the extension {name} with what runs it: the file is there, its interpreter or "
        "its system's loader is not",
        Tell(
            f"a script: its first line (#!) names an interpreter that the runtime has, and ends in "
            f"LF, not CRLF (sed -i 's/\\r$//' extensions/{name}); a program: link it statically "
            "(CGO_ENABLED=0, musl) or build it on Amazon Linux, for the function's architecture"
        ),
        Tell(
            f"zip it as extensions/{name}, executable (chmod 755), publish the layer's new "
            "version, and let the function use that"
        ),
    )


def _program(name: str) -> Remedy:
    program = name.rpartition("/")[2]
    return Remedy(
        f"package the program {program}: the sandbox brings none but the runtime's own",
        (
            Option(
                (
                    Tell(
                        f"install {program} in the Dockerfile (RUN dnf install -y, or microdnf on "
                        "Amazon Linux 2023, yum on Amazon Linux 2; apt-get on Debian), build, push"
                    ),
                ),
                "the function is a container image",
            ),
            Option(
                (
                    Tell(
                        f"put a build of {program} for Amazon Linux and the function's processor "
                        "into a layer as bin/, executable (chmod 755): it lies in /opt/bin then, "
                        "which is on the PATH"
                    ),
                ),
                "it is an archive",
            ),
        ),
    )
