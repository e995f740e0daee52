"""What `make` writes into the project (tables, manifests) and checks in it, and what builds its image."""
