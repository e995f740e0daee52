"""The same plain join in the ways of others, each a program in an environment of its own."""
