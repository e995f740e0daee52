"""How fast the stage is, against Faust as its documentation uses it: ratios in one run, on a local Kafka."""
