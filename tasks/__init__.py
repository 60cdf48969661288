"""The built-in plug-ins: declarations of tasks, training sets and benchmarks."""
