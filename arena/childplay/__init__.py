"""The ChildPlay examination of a language model (``plywise bench childplay``)."""
