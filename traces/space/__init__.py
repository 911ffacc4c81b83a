"""The state graph of a small space, or around a trace: clustered, laid out."""
