import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from planning.ledger import Exit
from planning.pacing.actions import Closed
from planning.pacing.comparison import compare
from planning.pacing.plan import Plan
from planning.pacing.review import Review
from service.store.plan_documents import to_document, to_plan
from tests.service.plans import changing_plan, small_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return small_plan()


def test_a_plan_is_read_back_exactly_as_it_was(plan: Plan) -> None:
    assert to_plan(json.loads(json.dumps(to_document(plan), allow_nan=False))) == plan
    assert plan.closed == (Closed("late", Exit.PAUSE, plan.closed[0].reason),)


def test_the_review_is_read_back_and_earlier_releases_had_none(plan: Plan) -> None:
    review = Review(plan.made + pd.DateOffset(months=3), ("late",), None, 2.5, "nothing is learnt")
    reviewed = replace(plan, review=review)
    document = json.loads(json.dumps(to_document(reviewed), allow_nan=False))
    assert to_plan(document) == reviewed
    del document["review"]
    for each in document["blocks"]:
        del each["due"]
    earlier = to_plan(document)
    assert earlier.review is None
    assert [each.due for each in earlier.blocks] == [bool(each.alternatives) for each in plan.blocks]


def test_facts_keep_their_order_and_every_digit(plan: Plan) -> None:
    read = to_plan(json.loads(json.dumps(to_document(plan))))
    assert list(read.facts.items()) == list(plan.facts.items())


def test_what_would_break_a_limit_still_would(plan: Plan) -> None:
    forbidden = [each for advice in plan.blocks for each in advice.alternatives if np.isinf(each.regret)]
    read = [each for advice in to_plan(to_document(plan)).blocks for each in advice.alternatives]
    assert forbidden
    assert all(each in read for each in forbidden)


def test_plans_compare_alike_after_they_were_stored(plan: Plan) -> None:
    other = changing_plan()
    read = [to_plan(json.loads(json.dumps(to_document(each)))) for each in (plan, other)]
    assert compare(*read) == compare(plan, other)
    assert compare(*read).moved


def test_instants_keep_their_nanoseconds(plan: Plan) -> None:
    made = pd.Timestamp("2026-01-01T00:00:00.123456789Z")
    document = to_document(plan) | {"made": made.isoformat()}
    assert to_plan(document).made == made


def test_a_plan_that_no_bound_was_found_for_is_json_and_read_back(plan: Plan) -> None:
    early = replace(plan, bound=-np.inf, gap=np.inf, in_time=False)
    written = json.dumps(to_document(early), allow_nan=False)
    assert to_plan(json.loads(written)) == early
