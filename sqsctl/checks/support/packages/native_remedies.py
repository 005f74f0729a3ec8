"""What is done about compiled code that does not fit, by what it is and where it runs."""

from __future__ import annotations

import re

from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.languages import from_image, language
from sqsctl.checks.support.packages.native_code import Foreign
from sqsctl.model.intents import (
    ChangeCode,
    ChangeRuntime,
    Intent,
    Look,
    Option,
    Package,
    Redrive,
    Remedy,
    Tell,
    call,
    remedy,
)
from sqsctl.remedies.cli import FUNCTION

_PRISMA = re.compile(r"Prisma|[Qq]uery [Ee]ngine")
_TARGET = re.compile(
    r"(?:runtime|required|platform)\W{1,4}(?P<target>(?:rhel|debian|linux)[\w\-.]{3,40}?)\\?\""
    r"|\b(?P<bare>(?:rhel|linux-arm64)-openssl-[\d.]{1,6}x)"
)
# Packages for Node.js that are compiled, or fetched, when they are installed: npm's --os and --cpu
# choose nothing for them.
_COMPILED = frozenset(
    {
        "bcrypt", "sqlite3", "better-sqlite3", "canvas", "argon2", "node-sass", "grpc", "libxmljs",
        "libxmljs2", "re2", "kerberos", "snappy", "sodium-native", "couchbase", "ibm_db",
        "bufferutil", "utf-8-validate", "cpu-features", "oracledb", "heapdump", "zeromq",
    }
)  # fmt: skip
_MACHINE = re.compile(r"linux(?:musl)?[-_/](?P<cpu>x64|arm64|x86_64|aarch64|amd64)")
_OF_NODE = re.compile(r"\.node\b|\bnpm install\b|\bmodule using the [\w-]{1,40} runtime")
_ARM = frozenset({"arm64", "aarch64"})
_BUILD_IMAGE = "public.ecr.aws/sam/build-"


def mending(sign: Foreign, case: Case, *, image: bool, deployed: str) -> Remedy:
    """The remedy; ``image`` is whether the function is a container image, as far as it is known.

    ``deployed`` is the function's processor, empty where nobody looked.
    """
    spoken = language(case)
    if sign.built_for == "another processor" and (image or from_image(case)):
        return _image(case)
    if _PRISMA.search(case.text):
        return _prisma(case)
    if sign.built_for == "another system":
        return _libraries(sign)
    if of_a_layer(sign.by):
        return layer_built(sign.by, case.function)
    if sign.by.endswith("/bootstrap") and "glibc" in sign.built_for:
        return _program(sign, case)
    if sign.built_for == "a newer Java":
        return remedy(
            "compile for the function's Java (maven.compiler.release, Gradle's toolchain), or run "
            "on the Java that it was compiled for",
            Package("again", language="java"),
            afterwards=Redrive(),
        )
    if spoken == "node" or (not spoken and _OF_NODE.search(case.text)):
        return _node(sign, case, deployed)
    if spoken == "python" or (not spoken and ".so" in case.text):
        return _python(sign, case)
    if spoken == "ruby" and ".so" in sign.file:
        return _ruby(sign)
    if sign.built_for == "another processor":
        return remedy(
            "build the executable for Linux and the function's processor, or change the function's "
            "architecture to it",
            Tell(
                "Go: GOOS=linux and GOARCH=amd64 for x86_64, GOARCH=arm64 for arm64; Rust: cargo "
                "lambda build, with --arm64 for arm64"
            ),
            Package("again"),
            afterwards=Redrive(),
        )
    return remedy(
        "build for the function's runtime version and processor, or choose those it was built for",
        Package("again"),
        afterwards=Redrive(),
    )


def of_a_layer(path: str) -> bool:
    """Whether a file is a layer's own program: an extension, or what lies in its bin."""
    return path.startswith(("/opt/extensions/", "/opt/bin/"))


def layer_built(path: str, function: str) -> Remedy:
    """A program of a layer that was built for another machine or system than the function's."""
    what = "extension" if "/extensions/" in path else "program"
    name = path.rpartition("/")[2]
    asked = call("lambda", "get_function_configuration", FunctionName=function or FUNCTION)
    return remedy(
        f"take the layer that brings the {what} {name} in its build for the function's "
        "architecture and Amazon Linux",
        Look(asked, query="[Runtime,Architectures,Layers]"),
        Tell(
            "let the function use the layer's version for its architecture (arm64 or x86_64; many "
            "layers have an ARN for each), or its newest version; a layer of your own: build "
            f"{name} anew in an image of the function's Amazon Linux "
            "(public.ecr.aws/sam/build-…), and publish it"
        ),
        afterwards=Redrive(),
    )


_BROWSER = re.compile(r"chrom", re.IGNORECASE)


def _libraries(sign: Foreign) -> Remedy:
    """A program that needs libraries of a system which Lambda's is not."""
    program, library = sign.by.rpartition("/")[2], sign.file
    image = Option(
        (
            Tell(f"install what brings {library} in the Dockerfile (dnf install, apt-get install)"),
            Package("again"),
        ),
        "the function is a container image",
    )
    if _BROWSER.search(sign.by):
        said = (
            "take a Chromium that is built for Lambda, in a version for the function's runtime: "
            "@sparticuz/chromium with puppeteer-core (not puppeteer, which brings a desktop's)"
        )
        fits = Option(
            (
                Tell(
                    "update @sparticuz/chromium (or its layer) to a version that knows the "
                    "function's Amazon Linux, and puppeteer-core to the one that fits it: older "
                    f"ones lack {library} on nodejs20.x and later"
                ),
                Package("again", language="node"),
            ),
            "it is an archive",
        )
        return Remedy(said, (fits, image), afterwards=Redrive())
    layer = Option(
        (
            Tell(
                f"put {library}, from an image of the function's Amazon Linux, into a layer as "
                f"lib/{library}: it lies in /opt/lib then, where the loader looks; or take a build "
                f"of {program} that is linked statically"
            ),
        ),
        "it is an archive",
    )
    return Remedy(
        f"bring {library} along, which {program} needs and Lambda's system does not have",
        (layer, image),
        afterwards=Redrive(),
    )


_NEWEST_GLIBC = 34  # Amazon Linux 2023 has 2.34


def _program(sign: Foreign, case: Case) -> Remedy:
    """The bootstrap of a custom runtime, linked against a newer system than it runs on."""
    built = Option(
        (
            Tell(
                "Rust: cargo lambda build --release (it links for an old glibc), or the target "
                "x86_64-unknown-linux-musl (aarch64-unknown-linux-musl for arm64); Go: "
                "CGO_ENABLED=0; others: build in the image public.ecr.aws/lambda/provided of the "
                "function's runtime"
            ),
            Package("again"),
        ),
        "to keep the runtime",
    )
    minor = re.fullmatch(r"GLIBC_2\.(\d{1,3})", sign.file)
    newer = Option((ChangeRuntime(case.function, "provided.al2023"),), "to keep the build")
    enough = minor is not None and int(minor.group(1)) <= _NEWEST_GLIBC
    return Remedy(
        f"build bootstrap for the function's Amazon Linux: it wants {sign.file}; provided.al2023 "
        f"has glibc 2.{_NEWEST_GLIBC}, provided.al2 2.26",
        # What wants no more than Amazon Linux 2023 has runs on an older one.
        (newer, built) if enough else (built,),
        afterwards=Redrive(),
    )


def machine(case: Case) -> str:
    """The processor that the error names, in Lambda's words; empty where it names none."""
    match = _MACHINE.search(case.everything)
    if match is None:
        return ""
    return "arm64" if match.group("cpu") in _ARM else "x86_64"


def _image(case: Case) -> Remedy:
    return Remedy(
        "build the image for the function's processor (docker build --platform), or change the "
        "function's architecture to the image's",
        (
            Option((*_script(case), Package("again")), "to keep the function's architecture"),
            Option(
                (
                    Tell(
                        "set the function's architecture to the image's: aws lambda "
                        "update-function-code --architectures arm64 (or x86_64) with --image-uri; "
                        "docker image inspect shows the image's Architecture"
                    ),
                ),
                "to keep the image",
            ),
        ),
        afterwards=Redrive(),
        image=True,
        language=language(case),
    )


def _script(case: Case) -> tuple[Tell, ...]:
    """A script is no program without its first line, whatever the processor."""
    if not re.search(r"(?<!/lambda-entrypoint)\.sh: exec format error", case.text):
        return ()
    return (
        Tell("see that the script's first line is #!/bin/sh or another interpreter's, with LF"),
    )


def _prisma(case: Case) -> Remedy:
    match = _TARGET.search(case.text)
    wanted = (match.group("target") or match.group("bare")) if match else ""
    said = (
        f"let Prisma generate its engine for Lambda, too: binaryTargets with {wanted}"
        if wanted
        else "let Prisma generate its engine for Lambda, too: binaryTargets with "
        "rhel-openssl-3.0.x (nodejs20.x and later), linux-arm64-openssl-3.0.x for arm64"
    )
    target = wanted or "rhel-openssl-3.0.x"
    lines = (
        "generator client {",
        '  provider      = "prisma-client-js"',
        f'  binaryTargets = ["native", "{target}"]',
        "}",
    )
    return remedy(
        said,
        ChangeCode(said, file="schema.prisma", language="prisma", lines=lines),
        Tell(
            "run npx prisma generate, and package node_modules/.prisma and @prisma/client with the "
            "function; a bundler (esbuild, webpack) copies no engine: copy "
            f"libquery_engine-{target}.so.node next to the bundle, or leave @prisma/client out"
        ),
        Package("again", language="node"),
        afterwards=Redrive(),
    )


def _node(sign: Foreign, case: Case, deployed: str) -> Remedy:
    name = sign.package
    if name == "sharp":
        return _sharp(case, deployed)
    shown = (
        f"{_BUILD_IMAGE}{case.runtime}" if case.runtime else f"{_BUILD_IMAGE}nodejs… (its runtime)"
    )
    what = f"npm rebuild {name}" if name else "npm ci"
    built: Intent = Tell(
        f"install {name or 'it'} in Lambda's build image, of the function's runtime and processor: "
        f'docker run --rm --platform linux/amd64 -v "$PWD":/var/task -w /var/task {shown} {what} '
        "(linux/arm64 for arm64); with SAM: sam build --use-container"
    )
    fetched: Intent = Package("native", name, "node", from_log=bool(name))
    compiled = Option((built, Package("again", language="node")), "it is compiled when installed")
    prebuilt = Option((fetched,), "it brings a binary for each system")
    return Remedy(
        f"package {name or 'the compiled module'} as built for Lambda's Linux, the function's "
        "runtime and processor",
        (compiled, prebuilt) if name in _COMPILED else (prebuilt, compiled),
        afterwards=Redrive(),
        language="node",
        architecture=machine(case),
    )


def _sharp(case: Case, deployed: str) -> Remedy:
    """sharp's own words: from 0.33 on its binaries are packages, before they were fetched."""
    arm = (deployed or machine(case)) == "arm64"
    cpu = "arm64" if arm else "x64"
    old = "build/Release" in case.text or "--arch=" in case.text
    before = Option(
        (
            Tell(f"npm install --platform=linux --arch={cpu} sharp"),
            Package("again", language="node"),
        ),
        "sharp before 0.33",
    )
    since = Option((Package("native", "sharp", "node"),), "sharp 0.33 and later")
    return Remedy(
        f"package sharp's build for Linux and {cpu}",
        (before, since) if old else (since,),
        afterwards=Redrive(),
        language="node",
        architecture="arm64" if arm else "x86_64",
    )


# Libraries of a system that Lambda's lacks, by the package whose wheel holds them.
_WITH_ITS_LIBRARY = {
    "libGL": "opencv-python-headless",
    "libgthread-2.0": "opencv-python-headless",
    "libpq": "psycopg2-binary",
    "libmysqlclient": "PyMySQL",
}


def _ruby(sign: Foreign) -> Remedy:
    """A shared library that a gem wants, and Lambda's system lacks or has in another build."""
    library = sign.file.rpartition("/")[2]
    return remedy(
        f"bring {library} along where the gem looks for it: in a layer's lib folder, or installed "
        "in the function's image",
        Tell(
            f"install the package that holds {library} in an image of the function's Amazon Linux "
            f"(public.ecr.aws/sam/build-ruby…), copy {library} and what ldd says it needs into lib "
            "of a layer, and attach that: Lambda finds it at /opt/lib"
        ),
        Tell(
            "build the gems in that same image: bundle config set --local path vendor/bundle, "
            "then bundle install"
        ),
        Package("again", language="ruby"),
        afterwards=Redrive(),
    )


def _python(sign: Foreign, case: Case) -> Remedy:
    glibc = "glibc" in sign.built_for
    why = (
        ": its wheel wants a newer glibc than the function's Amazon Linux has (2023 from "
        "python3.12 on: glibc 2.34; 2 before: 2.26), so take a manylinux wheel for that, or build "
        "it in the image public.ecr.aws/lambda/python of the function's version"
        if glibc
        else ""
    )
    if (wheel := _WITH_ITS_LIBRARY.get(sign.file.partition(".so")[0])) is not None:
        said = f"package {wheel}, which brings {sign.file} along: Lambda's system does not have it"
        return remedy(
            said,
            Tell(f"replace the package that wants {sign.file} by {wheel} in requirements.txt"),
            Package("native", wheel, "python", from_log=True),
            afterwards=Redrive(),
        )
    name = sign.package
    return Remedy(
        f"package {name or 'the compiled module'} as built for the function's Python and "
        f"processor{why}",
        (Option((Package("native", name, "python", from_log=bool(name)),)),),
        afterwards=Redrive(),
        language="python",
        architecture=machine(case),
    )
