# Sourced by test/run.sh and test/deep.sh: PostgreSQL and an S3 server on free loopback ports, for one run.
engines_dir=
free_port() { python3 - 2>/dev/null <<'P' || echo $((20000 + RANDOM % 20000))
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])
P
}

engines_start() {
  engines_dir=$(mktemp -d /tmp/showreel-engines.XXXXXX)
  chmod 755 "$engines_dir"
  export SHOWREEL_TEST_POSTGRES SHOWREEL_TEST_S3
  SHOWREEL_TEST_POSTGRES=$(bash test/engines/postgres.sh start "$engines_dir/pg" "$(free_port)" | tail -n 1)
  local port; port=$(free_port)
  bash test/engines/versitygw.sh start "$SHOWREEL_CACHE/bin" "$engines_dir/s3" "$port"
  SHOWREEL_TEST_S3="s3://test:test@127.0.0.1:$port"
}

engines_stop() {
  [ -n "$engines_dir" ] || return 0
  bash test/engines/postgres.sh stop "$engines_dir/pg" 0 || true
  bash test/engines/versitygw.sh stop "$engines_dir/s3" || true
  rm -rf "$engines_dir"
}
