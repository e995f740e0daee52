"""The peers: the same plain join on other libraries, each a program in an environment of its own."""
