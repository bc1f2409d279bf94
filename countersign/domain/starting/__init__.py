"""A first policy for a repository, from what lies in it. A beginning for people to edit, not advice on how careful to be."""
