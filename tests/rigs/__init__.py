"""What tests stand on: a whole relay of processes, a console in one process, a sink, a browser."""
