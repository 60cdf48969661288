"""The built-in plug-ins: what is measured and learnt, as declarations."""
