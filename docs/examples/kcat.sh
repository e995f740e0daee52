#!/bin/sh
# Every duration that is there, and then each as it comes: key, CloudEvents headers, record.
#     ./kcat.sh localhost:9092 [TOPIC] [more of kcat's options, such as -e: end when all is read]
brokers=$1 topic=${2:-prefect.flow-run-duration}
shift "$(($# < 2 ? $# : 2))"
exec kcat -C -b "$brokers" -t "$topic" -o beginning -X isolation.level=read_committed -u -f '%k\t%h\t%s\n' "$@"
