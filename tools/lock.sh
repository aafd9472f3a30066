#!/bin/sh
# Writes the pinned, hashed requirement files anew from their sources; needs `uv` on the path. No file names an index.
# The SAM CLI and checkov pin other versions of what the project uses: each has a file, and an environment, of its own.
set -eu
cd "$(dirname "$0")/.."
lock="uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header"
$lock layers/shared/pyproject.toml layers/payments/requirements.in requirements-dev.in -o requirements-dev.txt "$@"
$lock -c requirements-dev.txt layers/shared/pyproject.toml -o layers/shared/requirements.txt "$@"
$lock -c requirements-dev.txt layers/payments/requirements.in -o layers/payments/requirements.txt "$@"
$lock requirements-sam.in -o requirements-sam.txt "$@"
$lock requirements-checkov.in -o requirements-checkov.txt "$@"
$lock requirements-engines.in -o requirements-engines.txt "$@"
# The bench's peers stand on the same boto3 and pydantic as we do.
for peer in bare django fastapi powertools runtime; do
  $lock -c layers/shared/requirements.txt "bench/requirements/$peer.in" -o "bench/requirements/$peer.txt" "$@"
done
# pip of Python 3.11 wants the extras that pytest-cov and the SAM CLI name said by the pin too.
sed -i 's/^coverage==/coverage[toml]==/' requirements-dev.txt
stubs=apigateway,cloudformation,ecr,iam,kinesis,lambda,s3,schemas,secretsmanager,signer,sqs,stepfunctions,sts,xray
sed -i "s/^boto3-stubs==/boto3-stubs[$stubs]==/; s/^botocore==/botocore[crt]==/" requirements-sam.txt
