"""Hooks of schemathesis: what is made up must not take minutes to be answered."""

import schemathesis


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Whoever may wait for a sandbox or for output does so for a second at most; waits that are not allowed stay as they are."""
    for part in (case.body, case.query):
        if isinstance(part, dict) and str(part.get("waitSeconds")) in map(str, range(2, 61)):
            part["waitSeconds"] = 1


@schemathesis.serializer("application/x-tar", "application/gzip")
def serialize_archive(context, value):
    """Any bytes: it is the archive's reader who must find out that they are none."""
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode(errors="ignore")
