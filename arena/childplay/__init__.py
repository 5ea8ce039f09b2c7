"""The ChildPlay benchmark of a language model (``plywise bench childplay``)."""
