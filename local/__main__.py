"""``python -m local``: a Kafka in the foreground, until Ctrl-C."""

import signal
import sys

from local import BrokerFailed, NoKafka, local_kafka
from local.broker import Elsewhere
from local.kafka import VARIABLE


def main() -> int:
    """Start a Kafka, print its address on stdout, and keep it until Ctrl-C or SIGTERM; return the exit code.

    Where the environment names a Kafka, print that and return.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with local_kafka() as kafka:
            print(kafka.bootstrap_servers, flush=True)
            if isinstance(kafka, Elsewhere):
                print(f"{VARIABLE} names it, so nothing was started.", file=sys.stderr)
                return 0
            print(f"{kafka.description} serves until Ctrl-C.", file=sys.stderr)
            kafka.wait()
            print(f"{kafka.description} ended by itself.", file=sys.stderr)
            return 1
    except KeyboardInterrupt:
        return 0
    except (BrokerFailed, NoKafka) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
