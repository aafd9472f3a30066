"""moto 5.2.5, cured of what makes it wrong or slow over our tables, once, by tests/cloud.py."""

import copy
import json
import pickle
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from typing import Any

import moto.dynamodb.models
import moto.dynamodb.responses
from moto.core.base_backend import BaseBackend
from moto.core.custom_responses_mock import reset_responses_mock
from moto.core.exceptions import ServiceException
from moto.core.models import responses_mock
from moto.core.responses import ActionResult
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.ast_nodes import (  # type: ignore[attr-defined]  # moto shuts mypy out of it
    DepthFirstTraverser,
    Node,
)
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]  # as above
from moto.dynamodb.parsing.validators import ActionCountValidator, OverlappingPathsValidator
from werkzeug.exceptions import HTTPException

from tests.template import sam

_LARGEST = 405_000
"""Bytes of a row, as moto has it."""


def moto_is_cured() -> None:
    _lock_transactions()
    _cheapen_transactions()
    _cheapen_answers()
    _cheapen_rows()
    _cheapen_expressions()
    _cheapen_trees()
    _cheapen_addresses()
    _forget_models()


Call = Callable[[Any, str, dict[str, Any]], Any]
_LOCK = threading.RLock()
_SHORT = {
    "BatchGetItem": "batch_get_item",
    "DeleteItem": "delete_item",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}


def shortened(whole: Call) -> Call:
    """``BaseClient._make_api_call``, which asks moto's DynamoDB for rows without a request between them: to sign one,
    to route it, and to read it and its answer by the service's model is two thirds of what a call costs. What moto
    refuses, which changes nothing, is asked again the ``whole`` way, so that each error is botocore's own. What it
    makes of requests and answers is proved over real engines (``test_*_engine``) and by the journeys."""

    def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        method = _SHORT.get(operation) if client.meta.service_model.service_name == "dynamodb" else None
        if method is None:
            return whole(client, operation, parameters)
        # Through JSON, as ever: what moto keeps is its own.
        asked = json.loads(json.dumps(parameters))
        handler: Any = moto.dynamodb.responses.DynamoHandler()
        handler.region, handler.current_account = client.meta.region_name, sam.ACCOUNT
        handler.body = handler.params = asked
        handler.uri_match = {}
        try:
            with _LOCK:
                result = getattr(handler, method)().result
                return json.loads(json.dumps(result, default=_told))
        except (HTTPException, ServiceException):
            return whole(client, operation, parameters)

    return call


def _told(value: object) -> object:
    if isinstance(value, DynamoType):
        return value.to_regular_json()
    raise TypeError


def _forget_models() -> None:
    # moto keeps whatever it made, each row's each state, for its dashboard: some gigabytes in a run. Of S3's objects it
    # needs that, to close their files.
    for model in (Item, Table):
        model.__new__ = lambda cls, *_, **__: object.__new__(cls)  # type: ignore[method-assign]


def forget_answers() -> None:
    """What moto's start has put among the addresses it answers for: it puts it there again, and goes through all."""
    reset_responses_mock(responses_mock)


def _lock_transactions() -> None:
    # moto 5.2.5 checks and writes a transaction without a lock: two threads can both win. One lock cures it.
    handler = moto.dynamodb.responses.DynamoHandler
    inner = handler.call_action

    def call_action(self: Any) -> Any:
        with _LOCK:
            return inner(self)

    handler.call_action = call_action  # type: ignore[method-assign]


def _cheapen_transactions() -> None:
    # moto 5.2.5 copies the whole table, deep, for each write of a transaction, to go back to when one fails: a hundred
    # writes to ten thousand rows take minutes and gigabytes. One shallow copy does, if updates leave old rows alone.
    backend = moto.dynamodb.models.DynamoDBBackend
    transact, update = backend.transact_write_items, backend.update_item
    kept: dict[int, Any] = {}

    def transact_write_items(self: Any, transact_items: Any) -> None:
        kept.clear()
        try:
            transact(self, transact_items)
        finally:
            kept.clear()

    def update_item(self: Any, table_name: str, key: Any, *rest: Any, **more: Any) -> Any:
        table = self.get_table(table_name)
        item = table.get_item(DynamoType(key["pk"]), DynamoType(key["sk"]))
        if item is not None:
            table.items[item.hash_key][item.range_key] = copy.deepcopy(item)
        return update(self, table_name, key, *rest, **more)

    def deep_copy(table: Any, _: Any) -> Any:
        if id(table) not in kept:
            held = copy.copy(table)
            held.items = defaultdict(dict, {partition: dict(rows) for partition, rows in table.items.items()})
            if table.stream_shard is not None:
                held.stream_shard = copy.copy(table.stream_shard)
                held.stream_shard.items = list(table.stream_shard.items)
                held.stream_shard.table = held
            kept[id(table)] = held
        return kept[id(table)]

    backend.transact_write_items = transact_write_items  # type: ignore[method-assign]
    backend.update_item = update_item  # type: ignore[method-assign]
    Table.__deepcopy__ = deep_copy  # type: ignore[attr-defined]


def _cheapen_answers() -> None:
    # What DynamoDB answers is made of plain dicts under its own names already. moto looks each of their members up
    # under five names, and a value of a row has ten members of which it holds one.
    serialized = ActionResult.execute_result

    def execute_result(self: Any, context: Any) -> Any:
        if context.service_model.service_name == "dynamodb" and isinstance(self.result, dict):
            # What is not plain (bytes, instants) is moto's to write.
            with suppress(TypeError):
                return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(self.result, default=_told)
        return serialized(self, context)

    ActionResult.execute_result = execute_result  # type: ignore[method-assign]


def _cheapen_rows() -> None:
    # moto measures a row anew at each of its attributes, copies it whole at each of its levels, and turns all of it
    # into Python's values and back for each attribute that is asked for.
    project = Item.project

    def made(self: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
        self.hash_key, self.range_key, self.attrs = hash_key, range_key, LimitedSizeDict()
        dict.update(self.attrs, {name: DynamoType(value) for name, value in attrs.items()})
        if self.size() > _LARGEST:
            raise ItemSizeTooLarge

    def to_regular_json(self: Any) -> dict[str, Any]:
        if self.is_map():
            return {self.type: {name: value.to_regular_json() for name, value in self.value.items()}}
        if self.is_list():
            return {self.type: [value.to_regular_json() for value in self.value]}
        return {self.type: list(self.value) if self.is_set() else self.value}

    def projected(self: Any, paths: list[list[str]]) -> Any:
        names = [name for name, *inside in paths if not inside and "[" not in name]
        if len(names) < len(paths):
            return project(self, paths)
        return Item(
            self.hash_key,
            self.range_key,
            {name: self.attrs[name].to_regular_json() for name in names if name in self.attrs},
        )

    Item.__init__ = made  # type: ignore[method-assign]
    Item.project = projected  # type: ignore[assignment, method-assign]
    DynamoType.to_regular_json = to_regular_json  # type: ignore[method-assign]


def _cheapen_expressions() -> None:
    # moto walks an update's tree ten times, and asks at each node anew, through abstract classes, what it is.
    traverser: Any = DepthFirstTraverser
    of_each_child: Callable[..., None] = traverser.pre_processing_of_child
    abouts: dict[tuple[type, type], bool] = {}

    def walk(self: Any, node: Any, child_id: int = -1) -> Any:
        if not hasattr(node, "children"):
            return node
        kind = type(self), type(node)
        if kind not in abouts:
            abouts[kind] = isinstance(node, self.nodes_to_be_processed())
        parent = node.parent
        asks = type(self).pre_processing_of_child is not of_each_child
        for place, child in enumerate(node.children or ()):
            if asks:
                self.pre_processing_of_child(node, place)
            if hasattr(child, "children"):
                walk(self, child, place)
        if abouts[kind]:
            node = self.process(node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    traverser.traverse_node_recursively = walk


def _cheapen_trees() -> None:
    # It parses the same few expressions again and again, copies each tree by Python's own hands, and looks for doubles
    # in each branch that was looked through with the one above it.
    def copied(self: Any, _: Any) -> Any:
        return pickle.loads(pickle.dumps(self))  # noqa: S301  # our own

    def once(self: Any, root: Any) -> Any:
        (about,) = self._processing_map().values()
        return about(root)

    lex = ConditionExpressionParser._lex_condition_expression

    @cache
    def lexed(expression: str) -> tuple[Any, ...]:
        return tuple(lex(ConditionExpressionParser(expression, None, None)))

    ConditionExpressionParser._lex_condition_expression = lambda self: deque(  # type: ignore[method-assign]
        lexed(self.condition_expression or "")
    )
    # Who changes a tree copies it first.
    UpdateExpressionParser.make = cache(UpdateExpressionParser.make)
    Node.__deepcopy__ = copied
    for validator in (ActionCountValidator, OverlappingPathsValidator):
        validator.traverse = once


def _cheapen_addresses() -> None:
    # Where a service answers is worked out at each call.
    urls = cached_property(BaseBackend.urls.fget)  # type: ignore[attr-defined]
    urls.__set_name__(BaseBackend, "urls")
    BaseBackend.urls = urls  # type: ignore[assignment, method-assign]
