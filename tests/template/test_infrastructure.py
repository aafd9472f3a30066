"""What is deployed beside the functions: what keeps data, what carries messages, what watches, who may do what."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miinti import http
from miinti.erp import drops, reports
from tests.template import sam

RESOURCES: dict[str, dict[str, Any]] = sam.deployed(sam.translated()["Resources"])


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] == kind}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name].get("Properties", {})
    return found


def actions(statement: dict[str, Any]) -> list[str]:
    given = statement["Action"]
    return given if isinstance(given, list) else [given]


def written_out(value: Any) -> str:
    """A value with its references shown by name: ``{"Fn::GetAtt": ["A", "Arn"]}`` → ``A.Arn``."""
    if isinstance(value, dict) and len(value) == 1:
        ((kind, inner),) = value.items()
        if kind == "Ref":
            return str(inner)
        if kind == "Fn::GetAtt":
            return ".".join(inner) if isinstance(inner, list) else str(inner)
        if kind == "Fn::Sub":
            return written_out(inner[0] if isinstance(inner, list) else inner)
    return str(value)


def test_template_translates_and_cfn_lint_has_nothing_to_say() -> None:
    assert len(RESOURCES) <= 490, "CloudFormation takes 500 resources in a stack: the next function wants another one"
    command: list[str | Path] = [Path(sys.executable).with_name("cfn-lint"), "template.yaml"]
    linted = subprocess.run(command, check=False, cwd=sam.ROOT, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_every_reference_inside_an_expression_is_a_resource_or_parameter() -> None:
    known = {*RESOURCES, *sam.source()["Parameters"]}
    for name, resource in RESOURCES.items():
        for text in subs(resource):
            for reference in re.findall(r"\$\{([A-Za-z0-9]+)[.}]", text):
                assert reference in known or reference == "Name", f"{name}: {reference}"


def subs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Fn::Sub":
                yield inner if isinstance(inner, str) else inner[0]
            else:
                yield from subs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from subs(inner)


# --- data -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(of_type("AWS::DynamoDB::Table")))
def test_R14_tables_are_kept_recoverable_and_encrypted_by_our_key(name: str) -> None:
    table = RESOURCES[name]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    wanted = table["Properties"]
    assert wanted["BillingMode"] == "PAY_PER_REQUEST"
    assert wanted["DeletionProtectionEnabled"] is True
    assert wanted["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert wanted["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    key = {"Fn::GetAtt": ["DataKey", "Arn"]}
    assert wanted["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


@pytest.mark.parametrize("name", sorted(of_type("AWS::S3::Bucket")))
def test_S56_buckets_are_private_versioned_encrypted_and_kept(name: str) -> None:
    bucket = RESOURCES[name]
    # A first deployment that fails leaves no bucket behind whose name the next one wants.
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    wanted = bucket["Properties"]
    assert set(wanted["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(wanted["PublicAccessBlockConfiguration"]) == 4
    assert wanted["VersioningConfiguration"] == {"Status": "Enabled"}
    assert wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert any("NoncurrentVersionExpiration" in rule for rule in wanted["LifecycleConfiguration"]["Rules"])


def test_R14_what_refuses_the_deletion_of_documents_stays_with_their_bucket() -> None:
    """Deleting the stack leaves the bucket: without its policy it would be one whose documents anybody deletes."""
    kept = ("DeletionPolicy", "UpdateReplacePolicy")
    assert [RESOURCES["BucketPolicy"].get(one) for one in kept] == [RESOURCES["Bucket"][one] for one in kept]


def test_S78_what_goes_soon_or_is_written_often_leaves_no_old_versions_for_a_year() -> None:
    rules = {one.get("Prefix"): one for one in properties("Bucket")["LifecycleConfiguration"]["Rules"]}
    kept = {
        prefix: rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for prefix, rule in rules.items()
        if "NoncurrentVersionExpiration" in rule
    }
    year = dict.fromkeys(("inbox/", "quarantine/", "mappings/"), 365)
    assert kept == {"exports/": 1, "imports/": 1, "proofs/": 1, "reports/": 30, **year}


def test_R14_S78_nothing_of_the_stack_deletes_a_document_or_lets_it_run_out() -> None:
    """Ten years (Código Civil y Comercial, art. 328): bucket and boundary refuse it, no role is given it, and no rule
    of the bucket reaches it."""
    (kept,) = [
        one for one in properties("BucketPolicy")["PolicyDocument"]["Statement"] if one["Sid"] == "KeepDocuments"
    ]
    assert (kept["Effect"], kept["Principal"], "Condition" in kept) == ("Deny", "*", False)
    assert set(kept["Action"]) == {"s3:DeleteObject", "s3:DeleteObjectVersion"}
    assert written_out(kept["Resource"]) == "${Bucket.Arn}/documents/*"
    for name, resource in RESOURCES.items():
        for statement in allowing(resource):
            places = statement.get("Resource", [])
            for place in map(written_out, places if isinstance(places, list) else [places]):
                if "Bucket.Arn" in place and any("Delete" in action for action in actions(statement)):
                    prefix = place.removeprefix("${Bucket.Arn}/")
                    assert prefix in ("inbox/files/*", "proofs/*", "reports/*"), name
    for rule in properties("Bucket")["LifecycleConfiguration"]["Rules"]:
        reaches = "documents/".startswith(rule.get("Prefix", "")) or rule["Prefix"].startswith("documents/")
        harmless = {"Id", "Status", "Prefix", "AbortIncompleteMultipartUpload"}
        assert not reaches or set(rule) <= harmless, rule["Id"]
    boundary = properties("FunctionBoundary")["PolicyDocument"]["Statement"]
    denied = [one for one in boundary if one["Effect"] == "Deny"]
    assert {written_out(one["Resource"]) for one in denied} == {"CompaniesTable.Arn"}
    # A transaction deletes a CUIT's row and changes its company: whichever keys are looked at, not all are such.
    leading = {"dynamodb:LeadingKeys": ["COMPANY#*"]}
    assert {one["Action"]: one["Condition"] for one in denied} == {
        "dynamodb:BatchWriteItem": {"ForAnyValue:StringLike": leading},
        "dynamodb:DeleteItem": {"ForAllValues:StringLike": leading},
    }


def test_S56_documents_bucket_refuses_plain_http_old_signatures_and_stale_ones() -> None:
    statements = properties("BucketPolicy")["PolicyDocument"]["Statement"]
    denied = {one["Sid"]: one for one in statements}
    assert all(one["Effect"] == "Deny" and one["Principal"] == "*" for one in statements)
    assert denied["Tls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["OldSignatures"]["Condition"] == {"StringEquals": {"s3:signatureversion": "AWS"}}
    assert denied["StaleSignatures"]["Condition"] == {"NumericGreaterThan": {"s3:signatureAge": 120000}}
    rule = properties("Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert properties("Bucket")["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


# --- messages ---------------------------------------------------------------------------------------------------------


def mappings(kind: str) -> dict[str, dict[str, Any]]:
    """Event source mappings: logical id → properties, of queues (``Queue``) or of the stream (``Stream``)."""
    found = {}
    for name, resource in of_type("AWS::Lambda::EventSourceMapping").items():
        source = written_out(resource["Properties"]["EventSourceArn"])
        if ("Stream" in source) == (kind == "Stream"):
            found[name] = resource["Properties"]
    return found


def function_of(mapping: dict[str, Any]) -> dict[str, Any]:
    named = written_out(mapping["FunctionName"])
    (found,) = [name for name in of_type("AWS::Lambda::Function") if named.startswith(name)]
    return properties(found)


def test_a_batch_of_the_largest_files_fits_where_ingest_holds_them() -> None:
    mapping = properties("InboxToIngest")
    # The last one's parts stand beside it while it is split.
    held = (mapping["BatchSize"] + 1) * drops.FILE_MAX
    assert properties("IngestInboxFunction")["EphemeralStorage"]["Size"] * 1024**2 > held


def test_R16_queues_and_stream_feed_what_is_released_not_the_latest_upload() -> None:
    aliases = {name for name, resource in of_type("AWS::Lambda::Alias").items()}
    for name, mapping in {**mappings("Queue"), **mappings("Stream")}.items():
        assert mapping["FunctionName"]["Ref"] in aliases, name


def dead_letter_queues() -> set[str]:
    return {
        resource["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for resource in of_type("AWS::SQS::Queue").values()
        if "RedrivePolicy" in resource["Properties"]
    } | {
        mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        for mapping in (*mappings("Stream").values(), *called_and_not_waited_for().values())
    }


def called_and_not_waited_for() -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in of_type("AWS::Lambda::EventInvokeConfig").items()}


@pytest.mark.parametrize("name", sorted(of_type("AWS::SQS::Queue")))
def test_R07_queues_are_encrypted_and_give_up_into_a_queue_that_keeps_longer(name: str) -> None:
    queue = properties(name)
    assert queue.get("SqsManagedSseEnabled") or queue.get("KmsMasterKeyId")
    if "RedrivePolicy" not in queue:
        assert queue["MessageRetentionPeriod"] == 14 * 86400
        return
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    last = properties(queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0])
    assert last["MessageRetentionPeriod"] > queue.get("MessageRetentionPeriod", 345600)


def test_R07_R17_queue_functions_run_few_at_a_time_and_take_a_message_back_only_when_they_are_over() -> None:
    for name, mapping in mappings("Queue").items():
        queue = properties(mapping["EventSourceArn"]["Fn::GetAtt"][0])
        function = function_of(mapping)
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + mapping.get(
            "MaximumBatchingWindowInSeconds", 0
        ), name
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        # Few at a time, by the mapping: it takes nothing from the account's concurrency (docs/decisions).
        assert 2 <= mapping["ScalingConfig"]["MaximumConcurrency"] <= 10, name


def test_R06_stream_functions_never_stand_still_on_one_bad_record() -> None:
    for name, mapping in mappings("Stream").items():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert mapping["BisectBatchOnFunctionError"] is True, name
        assert 0 < mapping["MaximumRetryAttempts"] <= 10, name
        assert 0 < mapping["MaximumRecordAgeInSeconds"] <= 6 * 3600, name
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"], name


# --- watching ---------------------------------------------------------------------------------------------------------

ALARMS: dict[str, dict[str, Any]] = {
    name: resource["Properties"] for name, resource in of_type("AWS::CloudWatch::Alarm").items()
}


def watched(metric: str, resource: str) -> dict[str, Any] | None:
    """The alarm on a metric of one resource."""
    for alarm in ALARMS.values():
        values = [written_out(dimension["Value"]) for dimension in alarm.get("Dimensions", [])]
        if alarm.get("MetricName") == metric and any(value.split(".")[0] == resource for value in values):
            return alarm
    return None


@pytest.mark.parametrize("name", sorted(of_type("AWS::Lambda::Function")))
def test_R15_every_function_has_an_alarm_for_nearing_its_timeout(name: str) -> None:
    slow = watched("Duration", name)
    assert slow is not None, f"add {name.removesuffix('Function')}Slow to template.yaml"
    assert slow["ExtendedStatistic"] == "p99"
    assert slow["Threshold"] == properties(name)["Timeout"] * 800


@pytest.mark.parametrize(
    ("name", "metric", "of", "by"),
    [
        ("FunctionsFailing", "Errors", "AWS/Lambda", "FunctionName"),
        ("TableReadsThrottled", "ReadThrottleEvents", "AWS/DynamoDB", "TableName"),
        ("TableWritesThrottled", "WriteThrottleEvents", "AWS/DynamoDB", "TableName"),
    ],
)
def test_R15_whichever_function_or_table_fails_is_seen_by_name(name: str, metric: str, of: str, by: str) -> None:
    alarm = ALARMS[name]
    (query,) = alarm["Metrics"]
    # Without a condition: of all that there are, the new ones too.
    shape = r'SELECT SUM\((\w+)\) FROM SCHEMA\("([\w/]+)", (\w+)\) GROUP BY (\w+) ORDER BY SUM\(\) DESC'
    asked = re.fullmatch(shape, query["Expression"])
    assert asked is not None
    assert asked.groups() == (metric, of, by, by)
    assert (query["ReturnData"], alarm["Threshold"], alarm["EvaluationPeriods"]) == (True, 1, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_an_alarm_over_a_query_is_not_of_the_local_run() -> None:
    """MiniStack refuses it, and the stack with it."""
    for name, alarm in ALARMS.items():
        assert "Metrics" not in alarm or RESOURCES[name].get("Condition") == "Deployed", name


def test_R15_throttled_functions_are_seen_account_wide() -> None:
    alarm = ALARMS["FunctionsThrottled"]
    assert (alarm["MetricName"], alarm["Dimensions"], alarm["Threshold"]) == ("Throttles", [], 1)


def test_R15_every_queue_and_stream_is_watched() -> None:
    queues = set(of_type("AWS::SQS::Queue"))
    given_up = dead_letter_queues() | {"OutboxDeadLetters"}
    for name in given_up:
        assert watched("ApproximateNumberOfMessagesVisible", name), name
    for name in queues - given_up:
        assert watched("ApproximateAgeOfOldestMessage", name), name
    for mapping in mappings("Stream").values():
        assert watched("IteratorAge", written_out(mapping["FunctionName"]).split("Alias")[0])
    assert {"5xx", "Latency", "CallCount", "RefreshReuse", "AuthFailures", "LinkFailures", "Faults"} <= {
        alarm.get("MetricName") for alarm in ALARMS.values()
    }


def test_R15_the_dashboard_shows_every_queue_and_table() -> None:
    drawn = written_out(properties("Dashboard")["DashboardBody"])
    for name in of_type("AWS::SQS::Queue"):
        assert f'"${{{name}.QueueName}}"' in drawn, name
    # What is read, and what is written.
    for name in of_type("AWS::DynamoDB::Table"):
        assert drawn.count(f'"${{{name}}}"') == 2, name


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_R15_every_alarm_tells_somebody_and_is_quiet_when_nothing_happens(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    # But for the one that listens for silence.
    assert alarm["TreatMissingData"] == ("breaching" if name == "DeliveriesStale" else "notBreaching")
    assert alarm["AlarmDescription"] == "docs/operations.md"


def test_R15_a_silent_erp_is_told_of_after_the_hours_that_a_parameter_says() -> None:
    alarm = ALARMS["DeliveriesStale"]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, {"Ref": "StaleHours"})
    assert (alarm["Threshold"], alarm["ComparisonOperator"], alarm["Statistic"]) == (1, "LessThanThreshold", "Sum")
    hours = sam.source()["Parameters"]["StaleHours"]
    assert hours["Default"] == 24
    # CloudWatch looks a week back at most.
    assert hours["MaxValue"] * alarm["Period"] <= 7 * 86400


def test_R15_counted_outcomes_are_those_an_alarm_looks_at() -> None:
    made = {
        part["MetricName"]
        for resource in of_type("AWS::Logs::MetricFilter").values()
        for part in resource["Properties"]["MetricTransformations"]
    }
    space = {"Fn::Sub": "miINTI/${Stage}"}
    assert made == {alarm["MetricName"] for alarm in ALARMS.values() if alarm.get("Namespace") == space}


def test_S78_every_log_group_ends_and_is_encrypted() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert len(groups) == 2
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}
        assert group["Properties"]["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    for name in of_type("AWS::Lambda::Function"):
        assert properties(name)["LoggingConfig"]["LogGroup"] == {"Ref": "FunctionsLog"}, name


# --- who may do what --------------------------------------------------------------------------------------------------


def own_statements(name: str) -> list[dict[str, Any]]:
    """What people wrote for a function; SAM's own policies are held in by the boundary."""
    policies = sam.functions()[name]["Properties"].get("Policies", [])
    assert all(set(policy) == {"Statement"} for policy in policies), f"{name}: write statements, not SAM's templates"
    statements: list[dict[str, Any]] = sam.deployed([one for policy in policies for one in policy["Statement"]])
    return statements


@pytest.mark.parametrize("name", sorted(sam.functions()))
def test_S52_functions_statements_name_exact_actions_and_resources(name: str) -> None:
    for statement in own_statements(name):
        assert statement["Effect"] == "Allow"
        for action in actions(statement):
            assert "*" not in action, action
            assert action.split(":")[1] not in {"Scan", "DeleteTable", "PutBucketPolicy"}, action
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for resource in resources:
            text = written_out(resource)
            # Of SES's list of addresses the service authorization reference names no resource.
            if actions(statement) == ["ses:DeleteSuppressedDestination"]:
                assert text == "*"
                continue
            assert text != "*", statement
            # What stands behind a prefix of the bucket, or in the stream of a table, has no name beforehand.
            assert "*" not in text or re.fullmatch(
                r"\$\{Bucket\.Arn\}/[a-z/]+/\*|\$\{OutboxTable\.Arn\}/stream/\*", text
            ), text


@pytest.mark.parametrize("name", sorted(sam.functions()))
def test_S52_every_function_stands_inside_the_boundary(name: str) -> None:
    role = properties(f"{name}Role")
    assert role["PermissionsBoundary"] == {"Ref": "FunctionBoundary"}
    fence = {
        (action, written_out(resource))
        for statement in allowing(RESOURCES["FunctionBoundary"])
        for action in actions(statement)
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    }
    for statement in own_statements(name):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in actions(statement):
            for resource in resources:
                assert any(
                    action == known and re.fullmatch(re.escape(place).replace(r"\*", ".*"), written_out(resource))
                    for known, place in fence
                ), f"the boundary in template.yaml lacks {action} on {written_out(resource)}"


def test_S72_signing_is_for_logins_and_renewals_and_secrets_are_in_no_environment() -> None:
    signers = {name for name in sam.functions() if any("kms:Sign" in actions(one) for one in own_statements(name))}
    assert signers == {"LoginFunction", "LoginPayerFunction", "RefreshSessionFunction"}
    for name in sam.functions():
        for variable, value in sam.variables(sam.folder(sam.functions()[name])).items():
            assert not re.search("SECRET|PASSWORD|PRIVATE", variable), f"{name}: {variable}"
            assert value != {"Ref": "OriginSecret"}
    assert sam.source()["Parameters"]["OriginSecret"]["NoEcho"] is True
    assert str(sam.source()["Resources"]).count("'OriginSecret'") == 1, "the secret goes to CloudFront and nowhere else"


def test_S87_the_ERP_drops_files_and_can_do_nothing_else() -> None:
    (policy,) = properties("ErpWriterRole")["Policies"]
    drop, data = policy["PolicyDocument"]["Statement"]
    assert (actions(drop), written_out(drop["Resource"])) == (["s3:PutObject"], "${Bucket.Arn}/inbox/*")
    assert (actions(data), written_out(data["Resource"])) == (["kms:Decrypt", "kms:GenerateDataKey"], "DataKey.Arn")
    assert "kms:ViaService" in data["Condition"]["StringEquals"]
    assert "ManagedPolicyArns" not in properties("ErpWriterRole")


def test_queues_and_topics_are_open_to_the_service_that_writes_to_them_alone() -> None:
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, resource in of_type(kind).items():
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                assert set(statement["Principal"]) == {"Service"}, name
                assert "aws:SourceAccount" in statement["Condition"]["StringEquals"], name


# --- edge -------------------------------------------------------------------------------------------------------------


def distribution() -> dict[str, Any]:
    found: dict[str, Any] = properties("Distribution")["DistributionConfig"]
    return found


def test_S81_tls_is_1_2_or_later_and_the_API_has_no_other_door() -> None:
    own = distribution()["ViewerCertificate"]["Fn::If"][1]
    assert own["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert properties("ApiDomain")["DomainNameConfigurations"][0]["SecurityPolicy"] == "TLS_1_2"
    api = sam.source()["Resources"]["Api"]["Properties"]
    assert api["DisableExecuteApiEndpoint"] == {"Fn::If": ["HasApiDomain", True, False]}
    origins = {origin["Id"]: origin for origin in distribution()["Origins"]}
    assert origins["api"]["CustomOriginConfig"] == {
        "OriginProtocolPolicy": "https-only",
        "OriginSSLProtocols": ["TLSv1.2"],
    }
    secret = {"HeaderName": "x-origin-secret", "HeaderValue": {"Ref": "OriginSecret"}}
    assert origins["api"]["OriginCustomHeaders"] == [secret]


def test_edge_caches_nothing_of_the_API_and_swallows_no_error() -> None:
    behaviour, one_click = distribution()["CacheBehaviors"]
    assert behaviour["PathPattern"] == "/v1/*"
    assert one_click == {**behaviour, "PathPattern": "/baja"}
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert "CustomErrorResponses" not in distribution()


def policy_headers(name: str) -> dict[str, str]:
    config = properties(name)["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    age = security["StrictTransportSecurity"]
    csp = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    return {
        "Content-Security-Policy": written_out(csp),
        "Strict-Transport-Security": f"max-age={age['AccessControlMaxAgeSec']}"
        + ("; includeSubDomains" if age["IncludeSubdomains"] else ""),
        **({"X-Content-Type-Options": "nosniff"} if "ContentTypeOptions" in security else {}),
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        **{item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]},
    }


def test_S59_answers_the_gateway_makes_itself_have_the_functions_headers() -> None:
    assert policy_headers("ApiHeaders") == http.HEADERS


def test_S60_pages_run_their_own_scripts_and_nothing_else() -> None:
    headers = policy_headers("PageHeaders")
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == "'self'"
    assert policy["connect-src"] == "'self' https://${Bucket}.s3.${AWS::Region}.${AWS::URLSuffix}"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "lit-html"
    assert policy["img-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def test_architecture_of_functions_and_layer_is_one() -> None:
    architecture = sam.source()["Globals"]["Function"]["Architectures"]
    layer = sam.source()["Resources"]["SharedLayer"]
    assert [layer["Metadata"]["BuildArchitecture"]] == architecture == layer["Properties"]["CompatibleArchitectures"]
    assert layer["Metadata"]["BuildMethod"] == sam.source()["Globals"]["Function"]["Runtime"]


def test_an_import_is_told_to_have_stopped_once_no_part_of_it_can_be_tried_again() -> None:
    queue = properties("PartsQueue")
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] == reports.STOPPED


# --- the audit trail --------------------------------------------------------------------------------------------------

CHANGING = {"BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLUpdate", "UpdateItem"}


def test_S75_no_role_may_change_or_delete_a_row_of_the_trail() -> None:
    """Neither a function's own statements, nor the boundary over them, nor any other policy of the stack; and the table
    itself refuses whoever has the right from elsewhere."""
    seen = 0
    for name, resource in RESOURCES.items():
        for statement in allowing(resource):
            places = statement.get("Resource", [])
            for place in places if isinstance(places, list) else [places]:
                if "AuditTable" in written_out(place):
                    seen += 1
                    allowed = {action.removeprefix("dynamodb:") for action in actions(statement)}
                    assert allowed <= {"PutItem", "Query"}, name
    assert seen > 8
    (refused,) = properties("AuditTable")["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (refused["Effect"], refused["Principal"]) == ("Deny", "*")
    assert "Condition" not in refused
    assert {action.removeprefix("dynamodb:") for action in refused["Action"]} == CHANGING
    name = properties("AuditTable")["TableName"]["Fn::Sub"]
    assert refused["Resource"]["Fn::Sub"].endswith(f":table/{name}")


def allowing(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    wanted = resource.get("Properties", {})
    documents = [policy["PolicyDocument"] for policy in wanted.get("Policies", [])]
    if "PolicyDocument" in wanted:
        documents.append(wanted["PolicyDocument"])
    for document in documents if resource["Type"].startswith("AWS::IAM::") else []:
        yield from (one for one in document["Statement"] if one["Effect"] == "Allow")


def test_S75_what_the_log_hands_over_is_tried_again_and_kept_where_it_fails() -> None:
    mapping = properties("KeepEventsPatience")
    assert mapping["MaximumRetryAttempts"] == 2
    assert written_out(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == "AuditDeadLetters.Arn"
    filter = properties("EventsToKeep")
    assert written_out(filter["LogGroupName"]) == "FunctionsLog"
    assert filter["DestinationArn"] == properties("LogMayCallKeepEvents")["FunctionName"]


def test_S51_staffs_functions_have_no_route_and_two_policies_say_who_may_invoke_them() -> None:
    lookers = {"LookAtPayments", "LookUp", "ReadAudit"}
    staff = {"ActOnAccount", "DecideLink", "DecidePayment", "DecideTransfer", "HandleImport", *lookers}
    for name in staff:
        assert "Events" not in sam.functions()[f"{name}Function"]["Properties"]
    invoked = {}
    for policy in ("StaffReaders", "StaffDesk"):
        (found,) = [one for one in allowing(RESOURCES[policy]) if actions(one) == ["lambda:InvokeFunction"]]
        invoked[policy] = {written_out(place).partition("Function")[0] for place in found["Resource"]}
    assert invoked == {"StaffReaders": lookers, "StaffDesk": staff}
    for name, resource in of_type("AWS::Lambda::Permission").items():
        if any(written_out(resource["Properties"]["FunctionName"]).startswith(one) for one in staff):
            raise AssertionError(name)


@pytest.mark.parametrize("name", sorted(sam.functions()))
def test_S52_the_boundary_leaves_each_function_what_its_statements_give(name: str) -> None:
    def reached(statement: dict[str, Any]) -> set[tuple[str, str]]:
        places = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        texts = [re.sub(r"^\$\{(.+?)\}", r"\1", written_out(place)) for place in places]
        return {(action, text) for action in actions(statement) for text in texts}

    boundary = set().union(*map(reached, allowing(RESOURCES["FunctionBoundary"])))
    for statement in own_statements(name):
        for action, place in reached(statement):
            assert any(
                action == allowed and (place == within or (within.endswith("*") and place.startswith(within[:-1])))
                for allowed, within in boundary
            ), f"{action} on {place} is outside FunctionBoundary"
