#!/usr/bin/env bash
# Runs the command given as arguments against LocalStack: in Docker where there is one, else against the loopback
# endpoint that GEN3_TEST_AWS_ENDPOINT names. Says which it was.
set -euo pipefail

# 4.14.0 is the last version that starts without an account.
image=localstack/localstack:4.14.0

if [ -n "${GEN3_TEST_AWS_ENDPOINT:-}" ]; then
	echo "running against $GEN3_TEST_AWS_ENDPOINT"
	exec "$@"
fi
if ! docker info >/dev/null 2>&1; then
	echo "no Docker engine answers here, and GEN3_TEST_AWS_ENDPOINT names no endpoint: nothing was tested" >&2
	exit 1
fi
container=$(docker run -d --rm -p 127.0.0.1::4566 -e SERVICES=iam,sts,secretsmanager "$image")
trap 'docker stop "$container" >/dev/null' EXIT
endpoint=http://$(docker port "$container" 4566/tcp | head -n 1)
for _ in $(seq 120); do
	if curl -fs "$endpoint/_localstack/health" >/dev/null; then
		echo "running against $image at $endpoint"
		GEN3_TEST_AWS_ENDPOINT=$endpoint "$@"
		exit
	fi
	read -rt 1 <> <(:) || true
done
echo "$image did not become healthy within two minutes" >&2
exit 1
