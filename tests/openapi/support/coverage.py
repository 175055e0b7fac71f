"""What was asked and answered: every operation has to succeed at least once, or nothing was tried behind its door."""

from collections import Counter, defaultdict

import schemathesis

expected = set()
answered = defaultdict(Counter)


def expect_all_of(document):
    """Every operation of the document has to be asked."""
    for path, operations in document["paths"].items():
        expected.update(f"{method.upper()} {path}" for method in operations)


@schemathesis.check
class EveryOperationSucceeds:
    """Fails if an operation never answered what the document calls its success. There are no exceptions."""

    def after_response(self, context, response, case):
        answered[case.operation.label][response.status_code] += 1

    def after_run(self, context):
        succeeded = {label for label, statuses in answered.items() if min(statuses) < 400}
        missing = sorted((expected | answered.keys()) - succeeded)
        assert not missing, "never succeeded:\n" + "\n".join(missing)


def table():
    """How often each operation answered with which status."""
    width = max(map(len, answered), default=0)
    for label, statuses in sorted(answered.items(), key=lambda item: item[0].split()[::-1]):
        counts = "  ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
        yield f"{label:<{width}}  {counts}"
    requests = sum(sum(statuses.values()) for statuses in answered.values())
    yield f"{requests} answers of {len(answered)} operations were checked"
