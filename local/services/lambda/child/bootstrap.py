"""What the process of a Python function's environment runs: it loads the handler, then takes one event after the other.

It speaks with the runtime as the Node bootstrap does: JSON values, each preceded by its length in bytes (32 bits,
big-endian), events on one file descriptor and everything else on another. Between two events the main thread is
inside a blocking read, and the runtime stops the process; nothing goes on until the next event, as in Lambda.
Takes the standard library only, and any Python from 3.8 on.
"""

import decimal
import importlib
import io
import json
import logging
import os
import struct
import sys
import threading
import time
import traceback

EVENTS_FD = 3
RESULTS_FD = 4

# Largest response of a synchronous invocation, in bytes of its JSON.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
RESPONSE_BYTES = 6 * 1024 * 1024

# Levels of `logging`, as the runtime names them.
LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}

# Names that Lambda's log levels have in `logging`.
LEVEL_NAMES = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}

JSON_LOG = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

# What every record of `logging` has; the rest is what the function added with `extra`.
RECORD_FIELDS = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class RuntimeFault(Exception):
    """One of Lambda's own errors, such as `Runtime.HandlerNotFound`."""

    def __init__(self, name, message, trace=None):
        super().__init__(message)
        self.type = "Runtime." + name
        self.trace = trace or []


class Channel:
    """The frames to the runtime; several threads of a function may log."""

    def __init__(self):
        self.lock = threading.RLock()
        for fd in (EVENTS_FD, RESULTS_FD):
            os.set_inheritable(fd, False)
            os.set_blocking(fd, True)

    def send(self, message):
        body = json.dumps(message).encode("ascii")
        frame = memoryview(struct.pack(">I", len(body)) + body)
        with self.lock:
            while frame:
                frame = frame[os.write(RESULTS_FD, frame) :]

    def log(self, level, line):
        self.send({"type": "log", "level": level, "line": line})

    def receive(self):
        """The next event; None once the runtime has closed."""
        header = self._exactly(4)
        body = header and self._exactly(struct.unpack(">I", header)[0])
        return json.loads(body) if body else None

    def _exactly(self, count):
        chunks = []
        while count > 0:
            chunk = os.read(EVENTS_FD, count)
            if not chunk:
                return None
            chunks.append(chunk)
            count -= len(chunk)
        return b"".join(chunks)


class Lines(io.TextIOBase):
    """A standard stream whose lines go to the log, in order with everything else that is logged."""

    def __init__(self, channel, level, stream):
        self.channel = channel
        self.level = level
        self.stream = stream
        self.rest = ""

    encoding = "utf-8"
    errors = "backslashreplace"

    @property
    def buffer(self):
        return self.stream.buffer

    def fileno(self):
        return self.stream.fileno()

    def writable(self):
        return True

    def write(self, text):
        with self.channel.lock:
            *lines, self.rest = (self.rest + text).split("\n")
            for line in lines:
                self.channel.log(self.level, line)
        return len(text)

    def end(self):
        """Logs what has been written since the last line ended."""
        with self.channel.lock:
            rest, self.rest = self.rest, ""
            if rest:
                self.channel.log(self.level, rest)


class LogHandler(logging.Handler):
    """Writes what is logged as Lambda does: lines of text or of JSON, with the request's id."""

    def __init__(self, channel):
        super().__init__()
        self.channel = channel
        self.request_id = None

    def emit(self, record):
        record.aws_request_id = self.request_id or ""
        line = json_line(record, self.request_id) if JSON_LOG else self.format(record)
        self.channel.log(LEVELS.get(record.levelname, "info"), line.replace("\n", "\r"))


def json_line(record, request_id):
    line = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
        "level": record.levelname,
        "message": record.getMessage(),
        "logger": record.name,
    }
    if record.exc_info and record.exc_info[0]:
        kind, value, tb = record.exc_info
        line["stackTrace"] = traceback.format_list(traceback.extract_tb(tb))
        line["errorType"] = kind.__name__
        line["errorMessage"] = str(value)
    extra = {name: value for name, value in vars(record).items() if name not in RECORD_FIELDS | {"aws_request_id"}}
    if request_id:
        line["requestId"] = request_id
    return json.dumps({**line, **extra}, default=str)


def set_up_logging(channel):
    handler = LogHandler(channel)
    logging.Formatter.converter = time.gmtime
    handler.setFormatter(
        logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    level = LEVEL_NAMES.get(level, level)
    if JSON_LOG and level in LEVELS:
        root.setLevel(level)
    return handler


class CognitoIdentity:
    """Nobody invokes through Cognito here."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """The second argument of a handler, as Lambda's Python runtime gives it."""

    def __init__(self, invocation, log):
        env = os.environ
        self.aws_request_id = invocation["requestId"]
        self.invoked_function_arn = invocation["functionArn"]
        self.function_name = env.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = env.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = env.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = CognitoIdentity()
        self.client_context = None
        self.tenant_id = None
        self._deadline = invocation["deadline"]
        self._log = log

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))

    def log(self, message):
        self._log(str(message))


def load_handler(name):
    """Finds the handler that a name such as `folder/index.handler` means."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise RuntimeFault("MalformedHandlerName", "Bad handler '%s': not enough values to unpack" % name)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault("ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        raise RuntimeFault("UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), trace)
    if not hasattr(module, function_name):
        raise RuntimeFault("HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))
    return getattr(module, function_name)


def to_json(value):
    """A response as Lambda writes it: decimals are numbers."""

    def other(each):
        if isinstance(each, decimal.Decimal):
            return float(each)
        raise TypeError("Object of type %s is not JSON serializable" % type(each).__name__)

    return json.dumps(value, default=other, allow_nan=False, ensure_ascii=False)


def outcome_of(handler, invocation, log):
    """Runs one invocation: the message to send."""
    try:
        returned = handler(invocation["event"], Context(invocation, log))
        try:
            text = to_json(returned)
        except Exception as error:
            raise RuntimeFault("MarshalError", "Unable to marshal response: %s" % error)
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > RESPONSE_BYTES:
            return too_large(size)
        return {"type": "result", "payload": json.loads(text)}
    except Exception as error:
        return {"type": "error", "error": error_of(error, invocation["requestId"])}


def too_large(size):
    message = "The response has %d bytes; at most %d are allowed." % (size, RESPONSE_BYTES)
    return {"type": "error", "error": {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}}


def error_of(error, request_id=""):
    """What was raised, as Lambda's Python runtime reports it: without the bootstrap's own frames."""
    if isinstance(error, RuntimeFault):
        kind, trace = error.type, error.trace
    else:
        frames = traceback.extract_tb(error.__traceback__)
        own = [at for at, frame in enumerate(frames) if frame.filename != __file__ and "importlib" not in frame.filename]
        kind, trace = type(error).__name__, traceback.format_list(frames[own[0] :] if own else [])
    return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def log_error(channel, error):
    """As Lambda writes an error that a handler let go."""
    if JSON_LOG:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return channel.log("error", json.dumps({"timestamp": now, "level": "ERROR", **error}))
    lines = ["[ERROR] %s: %s" % (error["errorType"], error["errorMessage"]), "Traceback (most recent call last):"]
    for each in error.get("stackTrace", []):
        lines += each.splitlines()
    channel.log("error", "\r".join("\r".join(lines).splitlines()))


def serve(channel, log_handler, streams):
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        reported = error_of(error)
        log_error(channel, reported)
        channel.send({"type": "fatal", "error": reported})
        sys.exit(1)
    channel.send({"type": "ready"})
    for invocation in iter(channel.receive, None):
        log_handler.request_id = invocation["requestId"]
        outcome = outcome_of(handler, invocation, lambda line: channel.log("info", line))
        if outcome["type"] == "error":
            log_error(channel, outcome["error"])
        for stream in streams:
            stream.end()
        channel.send(outcome)


def main():
    channel = Channel()
    streams = [Lines(channel, "info", sys.stdout), Lines(channel, "error", sys.stderr)]
    sys.stdout, sys.stderr = streams
    try:
        serve(channel, set_up_logging(channel), streams)
    finally:
        for stream in streams:
            stream.end()


if __name__ == "__main__":
    main()
