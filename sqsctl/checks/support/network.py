"""Connections that were never made, and services that answered badly: two different faults."""

from __future__ import annotations

import re
from ipaddress import ip_address

UNREACHABLE = re.compile(
    r"(?<!\bread )(?<!\bwrite )\b(?P<code>ETIMEDOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH"
    r"|ENETUNREACH|ESERVFAIL"
    r"|UND_ERR_CONNECT_TIMEOUT|EADDRNOTAVAIL)\b"
    r"|Connect(?:ion)? ?[Tt]imeout (?:Error|on endpoint URL)|ConnectTimeout(?:Error|Exception)?\b"
    r"|Could not connect to (?:the endpoint URL|any servers in your MongoDB)"
    r"|EndpointConnectionError"
    r"|[Cc]onnection refused|[Cc]onnect(?:ion)? timed out(?!, timeout \d)"
    r"|[Cc]onnection attempt timed out"
    r"|Name or service not known|[Tt]emporary failure in name resolution|nodename nor servname"
    r"|No route to host|Network (?:is )?unreachable|could not translate host name"
    r"|Name does not resolve"
    r"|could not connect to server|Can't connect to MySQL server|No such host is known"
    r"|UnknownHostException|HttpHostConnectException|java\.net\.ConnectException|NoRouteToHostException"
    r"|no such host\b|\bi/o timeout|connect: (?:connection refused|no route|network is unreachable)"
    r"|Server selection timed out|ServerSelection(?:Timeout)?Error|MongoNetwork(?:Timeout)?Error"
    r"|NameResolutionError|NewConnectionError|gaierror|[Ff]ailed to (?:open TCP connection"
    r"|connect to)"
    r"|Unable to connect to the (?:remote server|database)|connection timeout expired"
    r"|NetworkingError|Net::OpenTimeout|hyper::Error\(Connect|kind: \"HTTP connect\""
    r"|error trying to connect"
    r"|tcp connect error|Error 11[0-3] connecting to|\[Errno (?:11[0-3]|-[235])\]"
    r"|getaddrinfo (?:failed|for)"
    r"|SequelizeConnection(?:Refused|TimedOut)?Error|SequelizeHost\w{1,20}Error"
    r"|Connection terminated due to connection timeout|(?:pg|postgres)[^\n]{0,200}timeout expired"
    r"|timeout expired(?=[\s\S]{0,400}/(?:pg|postgres)[\w\-]*/)"
    r"|Unable to execute HTTP request: (?:[\w\-]+\.)+\w+|P1001\b|Can't reach database server"
    r"|\bUnableToConnect on |not possible to connect to the redis server"
    # Python's urllib wraps what fails before the request is sent; TLS begins with a handshake.
    r"|before secure TLS connection was established|<urlopen error timed out>"
    r"|handshake operation timed out|TLS handshake timeout"
)
# Something at the address said no: the way there is good.
REFUSED = re.compile(
    r"\bECONNREFUSED\b|[Cc]onnection refused|\[Errno (?:111|61)\]|Error 111 connecting to"
    r"|HttpHostConnectException|actively refused it|ConnectionRefusedError"
)
UNKNOWN_NAME = re.compile(
    r"\bENOTFOUND\b|Name or service not known|nodename nor servname|could not translate host name"
    r"|Name does not resolve|No such host is known|UnknownHostException|no such host\b"
    r"|NameResolutionError|\[Errno -[25]\]|getaddrinfo failed"
)
# Python words a timeout alike whatever a socket was doing: the frames tell.
_SOCKET_TIMED_OUT = re.compile(r"\b(?:TimeoutError|timeout): timed out\b")
_CONNECTING = re.compile(
    r"in (?:create_connection|connect|_connect\w*|_new_conn|open_connection|do_handshake"
    r"|_wrap_socket\w*|wrap_socket|sock_connect)\b|\.connect\("
)
_FRAME = re.compile(r"^\s*File \"", re.MULTILINE)
# Addresses that the error names, for a title.
ADDRESS = re.compile(
    r"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|dial tcp:?|connecting to"
    r"|attempted address:|UnableToConnect on"
    r"|connection to server at|Failed to connect to)[ \"]+(?P<a>[\w.\-]{1,120}(?::\d{1,5})?)"
    r"|(?:ENOTFOUND|EAI_AGAIN|translate host name|lookup|resolve|UnknownHostException:"
    r"|MySQL server on"
    r"|database server at)[ \"'`]+(?P<b>[\w.\-]{1,200})"
    r"|endpoint URL: \"?(?P<c>https?://[\w.\-]{1,200}(?::\d{1,5})?)|host='(?P<d>[\w.\-]{1,200})'"
    r"|(?P<e>[\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6}:\d{2,5}): (?:timed out|connection)"
)

ANSWERED_BADLY = re.compile(
    r"Request failed with status code \d{3}|\b\d{3} (?:Client|Server) Error:? [^\n]{0,80}for url"
    r"|\bHTTP Error \d{3}|\bHTTPError\b|HTTPStatusError|Response code \d{3}|ResponseError: "
    r"|(?:status code|StatusCode|status)[:= ]{1,3}[45]\d\d\b"
    r"|\b[45]\d\d [A-Z][\w ]{2,40} from (?:GET|POST|PUT|PATCH|DELETE) "
    r"|socket hang up|\bECONNRESET\b|\bEPIPE\b|ESOCKETTIMEDOUT|ECONNABORTED"
    r"|timeout of \d{1,9}ms exceeded"
    r"|Connection reset by peer|RemoteDisconnected|Connection aborted|IncompleteRead|BrokenPipe"
    r"|\b(?:read|write) ETIMEDOUT\b|\b(?:TimeoutError|timeout): timed out\b"
    r"|The (?:read|write) operation timed out|(?:Client|request) [Tt]imeout exceeded"
    r"|Read ?[Tt]imeout|[Rr]ead timed out|(?:Headers|Body)TimeoutError|UND_ERR_\w+|fetch failed"
    r"|aborted due to timeout|rpc error: code = |StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED"
    r"|INTERNAL)"
    r"|\b(?:AxiosError|FetchError|RequestError|HttpClientErrorException|HttpServerErrorException"
    r"|WebClientResponseException|ApiException|Stripe\w{0,40}Error|TwilioRestException)\b"
)
DATABASE = re.compile(
    r"\b(?:QueryFailedError|PrismaClient\w{1,40}Error|Mongo(?:Server|Bulk|Write)?Error|MongooseError"
    r"|Sequelize\w{1,40}Error|ReplyError|OperationalError|IntegrityError|ProgrammingError|DatabaseError"
    r"|InterfaceError|SQLException|SqlException|SQLSyntaxErrorException|DatabaseException|TypeORMError"
    r"|KnexTimeoutError|DriverException|PSQLException|MySQLError)\b|redis\.exceptions|psycopg\d?\.|pymysql\."
    r"|/redis/(?:connection|client|_parsers)|pg-protocol|E11000|WRONGPASS|NOAUTH|MOVED \d"
    r"|password authentication failed|[Tt]oo many connections|remaining connection slots"
    r"|duplicate key value|deadlock detected|relation \"[^\"\n]{1,80}\" does not exist"
    r"|no pg_hba\.conf entry|Access denied for user|Timeout acquiring a connection"
    r"|Timed out fetching a new connection|QueuePool limit of size|P2024\b"
)


def never_connected(text: str, trace: str) -> bool:
    """Whether a connection was not made, by the error's words or by where it came from."""
    if UNREACHABLE.search(f"{text}\n{trace}"):
        return True
    frames = _FRAME.split(trace)
    return _SOCKET_TIMED_OUT.search(text) is not None and bool(_CONNECTING.search(frames[-1]))


def own_address(host: str) -> bool:
    """Whether the address is that of the machine that calls it."""
    return host.startswith(("127.", "localhost", "::1", "0.0.0.0"))  # noqa: S104 - read, not bound


def private(host: str) -> bool:
    """Whether the address is one of a private network: of a VPC, or of what it is joined to."""
    try:
        found = ip_address(host.rpartition(":")[0] if host.count(":") == 1 else host)
    except ValueError:
        return False
    return found.is_private and not found.is_loopback and not found.is_link_local


def address(text: str) -> str:
    """The host that could not be reached, as the error names it; empty where it does not."""
    match = ADDRESS.search(text)
    return next((each for each in match.groups() if each), "").rstrip(".:") if match else ""
