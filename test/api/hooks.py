"""Hooks of schemathesis: what is made up must not take minutes to be answered."""

import schemathesis


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Whoever may wait for a sandbox does so for a second at most; waits that are not allowed stay as they are."""
    body = case.body
    if isinstance(body, dict) and body.get("waitSeconds") in range(2, 61):
        body["waitSeconds"] = 1
